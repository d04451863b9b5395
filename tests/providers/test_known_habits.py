"""What is configured and known of a model decides how it is asked, before anything is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.core.errors import ProviderError
from koi.core.messages import Message, ModelRequest, Text, ToolMode
from koi.core.provider_events import ProviderEvent, StreamEnded, TextDelta
from koi.core.seams import Provider
from koi.wiring.providers import open_provider
from tests.configurations import registry_of
from tests.servers.answers import failure, text
from tests.servers.model_server import ModelServer

HELLO = (Message("user", (Text("Hello"),)),)


def work(folder: Path, server: ModelServer, more: str = "") -> Provider:
    configured = f'[providers.work]\nbase_url = "{server.openai_url}"\n{more}'
    return open_provider("work", registry_of(folder, configured))


async def ask(provider: Provider, model: str) -> list[ProviderEvent]:
    try:
        return [event async for event in provider.stream(ModelRequest(model, HELLO))]
    finally:
        await provider.aclose()


@pytest.mark.parametrize(("model", "streams"), [("slow", False), ("quick", True)])
async def test_a_model_that_does_not_stream_is_asked_for_whole_answers(
    tmp_path: Path, model_server: ModelServer, model: str, streams: bool
) -> None:
    model_server.script(text("Hello."))
    configured = '[providers.work.models."slow"]\nstreaming = false\n'
    events = await ask(work(tmp_path, model_server, configured), model)
    assert model_server.model_requests[0].body.get("stream", False) is streams
    said = "".join(event.delta for event in events if isinstance(event, TextDelta))
    assert said == "Hello."
    assert isinstance(events[-1], StreamEnded)


@pytest.mark.parametrize(
    ("model", "configured", "mode"),
    [
        ("codellama:7b", "", "prompt"),
        ("llama3.1:8b", "", "native"),
        ("nobody-knows-it", "", "native"),
        ("codellama:7b", 'tools = "native"', "native"),
        ("llama3.1:8b", 'tools = "prompt"', "prompt"),
        ("llama3.1:8b", 'tools = "off"', "off"),
    ],
)
async def test_models_without_tools_are_known_before_the_first_refusal(
    tmp_path: Path, model_server: ModelServer, model: str, configured: str, mode: ToolMode
) -> None:
    provider = work(tmp_path, model_server, configured)
    assert provider.tool_mode(model) == mode
    await provider.aclose()


async def test_an_unknown_model_is_told_what_the_provider_listed(
    tmp_path: Path, model_server: ModelServer
) -> None:
    configured = '[providers.work.models."llama-3.3-70b"]\nvision = false\n'
    model_server.script(failure(404, "The model `llama-3-70b` does not exist"))
    with pytest.raises(ProviderError) as caught:
        await ask(work(tmp_path, model_server, configured), "llama-3-70b")
    assert "Did you mean work/llama-3.3-70b?" in caught.value.hint
