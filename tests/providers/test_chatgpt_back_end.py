"""The ChatGPT back end, which only streams, behind the same interface as all others."""

from __future__ import annotations

import pytest

from koi.catalogue.catalogue import load_catalogue
from koi.core.errors import ProviderError
from koi.core.messages import Message, ModelRequest, Text
from koi.core.provider_events import StreamEnded
from koi.credentials.endpoint import Endpoint
from koi.providers.http_provider import HttpProvider
from koi.providers.wire.openai_responses.build import build
from koi.providers.wire.request import WireOptions
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


async def test_its_models_are_asked_for_as_a_newer_client_does() -> None:
    row = load_catalogue().get("openai-codex")
    listed = whole(b'{"models":[{"slug":"gpt-5.2-codex","visibility":"list"}]}')
    async with RawServer([listed]).running() as server:
        base_url = f"{server.url}/backend-api/codex"
        endpoint = Endpoint("openai-codex", "openai-responses", base_url, profile=row.profile)
        provider = HttpProvider(endpoint)
        try:
            models = await provider.list_models()
        finally:
            await provider.aclose()
        (head,) = server.heads
    assert head.startswith(b"GET /backend-api/codex/models?client_version=1.0.0 HTTP/1.1")
    assert [info.reference.model for info in models] == ["gpt-5.2-codex"]


async def test_a_plan_that_is_used_up_is_no_matter_of_waiting() -> None:
    row = load_catalogue().get("openai-codex")
    body = b'{"error":{"code":"subscription_sharing_usage_limit_exceeded","message":"Limit"}}'
    async with RawServer([whole(body, "429 Too Many Requests")]).running() as server:
        endpoint = Endpoint(
            "openai-codex", "openai-responses", f"{server.url}/v1", profile=row.profile
        )
        provider = HttpProvider(endpoint)
        try:
            with pytest.raises(ProviderError) as caught:
                [event async for event in provider.stream(HELLO)]
        finally:
            await provider.aclose()
    assert caught.value.kind == "billing"


def test_no_role_and_no_field_that_it_refuses_is_sent() -> None:
    row = load_catalogue().get("openai-codex")
    messages = (Message("user", (Text("Hello"),)),)
    request = ModelRequest("m", messages, system="Be kind", max_tokens=5, temperature=0.5)
    wire = build(request, WireOptions("openai", row.profile, None, True, "h"))
    refused = {
        "background",
        "conversation",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "moderation",
        "multi_agent",
        "previous_response_id",
        "prompt",
        "prompt_cache_retention",
        "safety_identifier",
        "temperature",
        "top_p",
        "top_logprobs",
        "truncation",
        "user",
    }
    assert not refused & set(wire.body)
    assert wire.body["instructions"] == "Be kind"
    assert wire.body["store"] is False
    assert wire.body["stream"] is True
    assert "system" not in repr(wire.body["input"])
