"""The requests that koi builds are those that the official SDKs could have written."""

from __future__ import annotations

import re
from typing import cast

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from koi.catalogue.rows import Protocol
from koi.core.messages import (
    Image,
    Message,
    ModelRequest,
    Opaque,
    Part,
    ProviderData,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    ToolSchema,
)
from koi.providers.formats import FORMATS
from koi.providers.wire.request import WireOptions
from tests.conversations import SECRETS, requests
from tests.providers.oracles.sdks import JUDGES, Json

PICTURE = Image("image/png", b"\x89PNG\r\n\x1a\n picture")
EMPTY: Json = {"type": "object", "properties": {}}
READ = ToolSchema(
    "read",
    "Reads a file.",
    {
        "type": "object",
        "properties": {"path": {"type": "string"}, "lines": {"type": ["integer", "null"]}},
        "required": ["path"],
        "additionalProperties": False,
    },
)
NOW = ToolSchema("now", "", {"type": "object", "properties": {}})
MODELS: dict[Protocol, tuple[str, str]] = {
    "openai-chat": ("gpt-5", "openai/chat/gpt"),
    "openai-responses": ("gpt-5", "openai/responses/gpt"),
    "anthropic": ("claude-sonnet-4-6", "anthropic/claude"),
    "gemini": ("gemini-3-pro", "gemini/gemini"),
    "bedrock": ("anthropic.claude-sonnet-4-6-v1:0", "bedrock/claude"),
    "ollama": ("qwen3", "ollama/qwen"),
}
OWN_REASONING: dict[Protocol, Json] = {
    "openai-chat": {"field": "reasoning_content"},
    "openai-responses": {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "Hm."}],
        "encrypted_content": "sealed",
    },
    "anthropic": {"signature": "c2VhbGVk"},
    "gemini": {"thoughtSignature": "c2VhbGVk"},
    "bedrock": {"signature": "sealed"},
    "ollama": {"field": "thinking"},
}
EVERY = pytest.mark.parametrize("protocol", JUDGES)


def judge(protocol: Protocol, request: ModelRequest, *, stream: bool = True) -> None:
    """Fails when the SDK of a protocol would not have sent the request."""
    model, family = MODELS[protocol]
    request = msgspec.structs.replace(request, model=model)
    wire = FORMATS[protocol].build(request, WireOptions(family, stream=stream))
    # What is opaque is base64 with some of them.
    sealed = re.sub(rf'{SECRETS}[^"]*'.encode(), b"c2VjcmV0", msgspec.json.encode(wire.body))
    JUDGES[protocol](wire, cast(Json, msgspec.json.decode(sealed)))


def asking(*messages: Message, tools: tuple[ToolSchema, ...] = ()) -> ModelRequest:
    """A request with this history, and a question at its end."""
    question = Message("user", (Text("And now?"),))
    return ModelRequest("", (*messages, question), "You are koi.", tools)


def without_opaque(request: ModelRequest) -> ModelRequest:
    """Blocks that koi does not know go back as they came: here they are made up."""
    messages = (
        Message(message.role, tuple(part for part in message.parts if not isinstance(part, Opaque)))
        for message in request.messages
    )
    kept = tuple(message for message in messages if message.parts)
    return msgspec.structs.replace(request, messages=kept)


def said(*parts: Part) -> Message:
    return Message("assistant", parts)


@EVERY
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_a_question(protocol: Protocol, stream: bool) -> None:
    judge(protocol, asking(), stream=stream)


@EVERY
@pytest.mark.parametrize("choice", [None, "auto", "none", "required", "read"])
def test_tools_and_how_they_are_chosen(protocol: Protocol, choice: str | None) -> None:
    request = asking(tools=(READ, NOW))
    judge(protocol, msgspec.structs.replace(request, tool_choice=choice))


@EVERY
def test_settings(protocol: Protocol) -> None:
    request = asking()
    judge(
        protocol,
        msgspec.structs.replace(request, max_tokens=64, temperature=0.5, stop=("END", "\n\n")),
    )


@EVERY
def test_pictures_of_the_person_and_of_tools(protocol: Protocol) -> None:
    call = ToolCall("call_1", "read", {"path": "a.png"})
    result = ToolResult("call_1", "a picture", images=(PICTURE,))
    history = (Message("user", (Text("See"), PICTURE)), said(call), Message("user", (result,)))
    judge(protocol, asking(*history, tools=(READ,)))


@EVERY
@pytest.mark.parametrize("tools", [(READ,), ()], ids=["tools", "no tools any more"])
def test_calls_with_good_failed_and_empty_results(
    protocol: Protocol, tools: tuple[ToolSchema, ...]
) -> None:
    calls = (
        ToolCall("call_1", "read", {"path": "a", "lines": None}),
        ToolCall("call_2", "read", None, '{"path": '),
        ToolCall("call_3", "read", {}),
    )
    results = (
        ToolResult("call_1", "content"),
        ToolResult("call_2", "arguments are no JSON", ok=False),
        ToolResult("call_3", ""),
    )
    history = (Message("user", (Text("Go"),)), said(Text("Yes."), *calls))
    judge(protocol, asking(*history, Message("user", results), tools=tools))


@EVERY
def test_its_own_reasoning_goes_back(protocol: Protocol) -> None:
    data = ProviderData(MODELS[protocol][1], OWN_REASONING[protocol])
    call = ToolCall("call_1", "read", {"path": "a"})
    history = (Message("user", (Text("Go"),)), said(Reasoning("Hm.", data), Text("So:"), call))
    judge(protocol, asking(*history, Message("user", (ToolResult("call_1", "b"),)), tools=(READ,)))


@EVERY
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_session_that_was_led_with_any_provider(
    protocol: Protocol, data: st.DataObject
) -> None:
    request = without_opaque(data.draw(requests(MODELS[protocol][0])))
    limit = data.draw(st.none() | st.integers(1, 100_000))
    stream = data.draw(st.booleans())
    judge(protocol, msgspec.structs.replace(request, max_tokens=limit), stream=stream)


@EVERY
@pytest.mark.parametrize("where", ["body", "message"])
def test_a_field_that_no_sdk_knows_is_noticed(protocol: Protocol, where: str) -> None:
    model, family = MODELS[protocol]
    request = msgspec.structs.replace(asking(), model=model)
    wire = FORMATS[protocol].build(request, WireOptions(family))
    body = cast(Json, msgspec.json.decode(msgspec.json.encode(wire.body)))
    messages = body.get("messages") or body.get("contents") or body.get("input")
    place = body if where == "body" else cast(list[Json], messages)[-1]
    place["colour"] = "blue"
    with pytest.raises((ValueError, AssertionError, KeyError)):
        JUDGES[protocol](wire, body)
