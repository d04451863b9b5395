"""A provider that learns from refusals, over real sockets: asked once more, and never again so."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path

import msgspec
import pytest

from koi.catalogue.learnt import LearntFacts
from koi.catalogue.rows import Protocol
from koi.config.schema import ToolSupport
from koi.core.agent_events import RequestStarted, Retrying, Streamed
from koi.core.errors import ProviderError
from koi.core.messages import Message, ModelRequest, Text, ToolSchema
from koi.core.provider_events import StreamEnded
from koi.core.references import ModelReference
from koi.core.request_events import AttemptEnded
from koi.core.seams import ModelInfo
from koi.credentials.endpoint import Endpoint
from koi.providers.http_provider import HttpProvider
from koi.routing.attempts import AttemptEvent, Attempts
from koi.routing.backoff import RetryPolicy
from tests.chains import Unlimited, chain_of
from tests.servers.answers import Answer, failure, text
from tests.servers.model_server import ModelServer, RecordedRequest

HELLO = ModelRequest("m", (Message("user", (Text("Hello"),)),), "Be brief.")
LS = ToolSchema("ls", "lists", {"type": "object"})
CALL = '<tool_call>{"name": "ls", "arguments": {}}</tool_call>'
NO_TOOLS = "m does not support tools"


@contextlib.asynccontextmanager
async def opened(
    server: ModelServer,
    learnt: LearntFacts | None = None,
    protocol: Protocol = "openai-chat",
    *,
    tools: ToolSupport = "auto",
    knows_tools: bool | None = None,
) -> AsyncIterator[HttpProvider]:
    url = server.url if protocol == "anthropic" else server.openai_url
    endpoint = Endpoint(
        "work",
        protocol,
        url,
        configured_tools=lambda model: tools,
        known=lambda model: ModelInfo(ModelReference("work", model), tools=knows_tools),
    )
    provider = HttpProvider(endpoint, learnt)
    try:
        yield provider
    finally:
        await provider.aclose()


async def attempts(provider: HttpProvider, request: ModelRequest) -> list[AttemptEvent]:
    chain = chain_of((ModelReference("work", request.model), provider))
    ids = (str(number) for number in count(1))
    sending = Attempts(RetryPolicy(retries=0), Unlimited(), lambda: next(ids))
    return [
        event
        async for event in sending.stream(request, chain)
        if not isinstance(event, AttemptEnded)
    ]


def refusing(name: str, message: str = "") -> Callable[[RecordedRequest], Answer]:
    """Refuses requests that carry a field, and answers all others."""

    def answer(request: RecordedRequest) -> Answer:
        if name not in request.body:
            return text("fine")
        error = {
            "message": message or f"Unsupported parameter: '{name}' is not supported.",
            "type": "invalid_request_error",
            "param": name,
            "code": "unsupported_parameter",
        }
        return Answer(status=400, body=json.dumps({"error": error}).encode())

    return answer


@pytest.mark.parametrize(
    ("name", "request_with_it"),
    [
        ("temperature", msgspec.structs.replace(HELLO, temperature=0.5)),
        ("max_tokens", msgspec.structs.replace(HELLO, max_tokens=50)),
        ("stop", msgspec.structs.replace(HELLO, stop=("END",))),
        ("stream_options", HELLO),
        ("stream", HELLO),
    ],
)
async def test_a_refused_parameter_is_left_out_from_then_on(
    model_server: ModelServer, tmp_path: Path, name: str, request_with_it: ModelRequest
) -> None:
    model_server.script(*[refusing(name)] * 3)
    file = tmp_path / "learnt.json"
    async with opened(model_server, LearntFacts(file)) as provider:
        events = await attempts(provider, request_with_it)
    (retrying,) = [event for event in events if isinstance(event, Retrying)]
    assert "asked again with" in retrying.reason
    assert retrying.wait_s == 0
    last = events[-1]
    assert isinstance(last, Streamed)
    assert isinstance(last.event, StreamEnded)
    async with opened(model_server, LearntFacts(file)) as later:
        assert not [e for e in await attempts(later, request_with_it) if isinstance(e, Retrying)]
    carried = [name in request.body for request in model_server.model_requests]
    assert carried == [True, False, False]


async def test_a_token_limit_goes_under_its_other_name(model_server: ModelServer) -> None:
    model_server.script(refusing("max_tokens"), refusing("max_tokens"))
    async with opened(model_server) as provider:
        await attempts(provider, msgspec.structs.replace(HELLO, max_tokens=50))
    assert model_server.model_requests[1].body["max_completion_tokens"] == 50


async def test_two_lessons_in_one_request(model_server: ModelServer) -> None:
    model_server.script(refusing("temperature"), refusing("stream_options"), text("fine"))
    async with opened(model_server) as provider:
        events = await attempts(provider, msgspec.structs.replace(HELLO, temperature=0.5))
    assert len([event for event in events if isinstance(event, Retrying)]) == 2
    assert not {"temperature", "stream_options"} & model_server.model_requests[2].body.keys()


async def test_a_server_that_refuses_what_was_not_sent_ends_it(model_server: ModelServer) -> None:
    refusal = failure(400, "Unsupported parameter: 'temperature' is not supported.")
    model_server.script(refusal, refusal)
    async with opened(model_server) as provider:
        with pytest.raises(ProviderError, match="temperature"):
            await attempts(provider, msgspec.structs.replace(HELLO, temperature=0.5))
    assert len(model_server.model_requests) == 2


async def test_other_models_are_asked_as_before(model_server: ModelServer) -> None:
    model_server.script(refusing("stream_options"), text("fine"), text("fine"))
    async with opened(model_server) as provider:
        await attempts(provider, HELLO)
        await attempts(provider, msgspec.structs.replace(HELLO, model="other"))
    assert "stream_options" in model_server.model_requests[2].body


@pytest.mark.parametrize("protocol", ["openai-chat", "anthropic"])
async def test_tools_that_are_refused_go_into_the_prompt(
    model_server: ModelServer, protocol: Protocol
) -> None:
    model_server.script(failure(400, NO_TOOLS), text(f"I look.\n{CALL}"))
    async with opened(model_server, protocol=protocol) as provider:
        assert provider.tool_mode("m") == "native"
        events = await attempts(provider, msgspec.structs.replace(HELLO, tools=(LS,)))
        assert provider.tool_mode("m") == "prompt"
    modes = [event.tool_mode for event in events if isinstance(event, RequestStarted)]
    assert modes == ["native", "prompt"]
    (retrying,) = [event for event in events if isinstance(event, Retrying)]
    assert retrying.reason == f"{NO_TOOLS}; asked again with tools described in the prompt"
    sent = model_server.model_requests[1]
    assert "tools" not in sent.body
    assert b"<tool_call>" in sent.raw_body
    last = events[-1]
    assert isinstance(last, Streamed)
    assert isinstance(last.event, StreamEnded)
    assert last.event.finish_reason == "tool_calls"


async def test_a_model_without_tools_in_streams_is_not_streamed(model_server: ModelServer) -> None:
    message = "This model doesn't support tool use in streaming mode."
    model_server.script(failure(400, message), text("fine"))
    async with opened(model_server) as provider:
        await attempts(provider, msgspec.structs.replace(HELLO, tools=(LS,)))
        assert provider.tool_mode("m") == "native"
    sent = model_server.model_requests[1].body
    assert "tools" in sent
    assert not sent.get("stream")


async def test_the_configuration_is_never_overruled(model_server: ModelServer) -> None:
    model_server.script(failure(400, NO_TOOLS))
    async with opened(model_server, tools="native") as provider:
        with pytest.raises(ProviderError, match="does not support tools"):
            await attempts(provider, msgspec.structs.replace(HELLO, tools=(LS,)))
        assert provider.tool_mode("m") == "native"


@pytest.mark.parametrize(
    ("configured", "known", "mode"),
    [
        ("auto", None, "native"),
        ("auto", True, "native"),
        ("auto", False, "prompt"),
        ("native", False, "native"),
        ("prompt", True, "prompt"),
        ("off", True, "off"),
    ],
)
async def test_how_a_model_is_offered_tools(
    model_server: ModelServer, configured: ToolSupport, known: bool | None, mode: str
) -> None:
    async with opened(model_server, tools=configured, knows_tools=known) as provider:
        assert provider.tool_mode("m") == mode


async def test_no_tools_are_sent_when_they_are_off(model_server: ModelServer) -> None:
    model_server.script(text(CALL))
    async with opened(model_server, tools="off") as provider:
        events = await attempts(provider, msgspec.structs.replace(HELLO, tools=(LS,)))
    assert b"tool" not in model_server.model_requests[0].raw_body
    last = events[-1]
    assert isinstance(last, Streamed)
    assert last.event == StreamEnded("stop", "stop", (Text(CALL),), "m")
