"""The ChatGPT back end, which only streams, behind the same interface as all others."""

from __future__ import annotations

import pytest

from koi.catalogue.catalogue import load_catalogue
from koi.core.messages import Message, ModelRequest, Text
from koi.core.provider_events import StreamEnded
from koi.credentials.endpoint import Endpoint
from koi.providers.http_provider import HttpProvider
from tests.net.raw_server import RawServer, whole

HELLO = ModelRequest("gpt-5.1-codex", (Message("user", (Text("Hello"),)),), max_tokens=50)
ANSWER = whole(
    b"event: response.output_text.delta\n"
    b'data: {"type":"response.output_text.delta","output_index":0,"delta":"Hi"}\n\n'
    b"event: response.completed\n"
    b'data: {"type":"response.completed","response":{"status":"completed","output":[]}}\n\n'
)


@pytest.mark.parametrize("stream", [True, False])
async def test_every_answer_is_streamed(stream: bool) -> None:
    row = load_catalogue().get("openai-codex")
    async with RawServer([ANSWER]).running() as server:
        endpoint = Endpoint(
            "openai-codex",
            "openai-responses",
            f"{server.url}/backend-api/codex",
            profile=row.profile,
        )
        provider = HttpProvider(endpoint)
        try:
            ask = provider.stream if stream else provider.complete
            events = [event async for event in ask(HELLO)]
        finally:
            await provider.aclose()
        (head,) = server.heads
    assert head.startswith(b"POST /backend-api/codex/responses HTTP/1.1")
    assert b"accept: text/event-stream" in head.lower()
    last = events[-1]
    assert isinstance(last, StreamEnded)
    assert last.parts == (Text("Hi"),)
