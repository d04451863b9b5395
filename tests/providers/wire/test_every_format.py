"""Whatever a session went through, each format writes a request that its servers accept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.catalogue.rows import Profile, Protocol
from koi.core.messages import ModelRequest, Text, ToolResult
from koi.providers.formats import FORMATS
from koi.providers.wire.call_ids import NINE, SHORT, WORDS
from koi.providers.wire.request import WireOptions
from tests.conversations import FAMILIES, SECRETS, requests

PROTOCOLS = tuple(protocol for protocol in FORMATS if protocol != "wasm")
EVERY = pytest.mark.parametrize("protocol", PROTOCOLS)
MODELS: dict[Protocol, tuple[str, str]] = {
    "anthropic": ("claude-sonnet-4-6", "anthropic/claude"),
    "openai-chat": ("gpt-5", "openai/chat/gpt"),
    "openai-responses": ("gpt-5", "openai/responses/gpt"),
    "gemini": ("gemini-3-pro", "gemini/gemini"),
    "bedrock": ("us.anthropic.claude-sonnet-4-6-v1:0", "bedrock/claude"),
    "ollama": ("qwen3", "ollama/qwen"),
    "copilot": ("gemini-3-pro", "copilot/gemini"),
}
NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.-]{0,63}")
Json = dict[str, Any]


def built(protocol: Protocol, request: ModelRequest, profile: Profile | None = None) -> Json:
    """The body as its server reads it."""
    model, family = MODELS[protocol]
    options = WireOptions(family, profile or Profile())
    wire = FORMATS[protocol].build(msgspec.structs.replace(request, model=model), options)
    return cast(Json, msgspec.json.decode(msgspec.json.encode(wire.body)))


def strings(value: object) -> Iterator[str]:
    """Every string in a JSON value; those that are JSON themselves are read too."""
    match value:
        case str():
            yield value
        case dict():
            for key, inner in value.items():
                yield key
                yield from strings(inner)
        case list():
            for inner in value:
                yield from strings(inner)


@EVERY
@given(data=st.data())
def test_no_opaque_data_of_others_is_sent(protocol: Protocol, data: st.DataObject) -> None:
    model, family = MODELS[protocol]
    sent = list(strings(built(protocol, data.draw(requests(model)))))
    own = f"{family}/chat" if protocol == "copilot" else family
    for other in FAMILIES:
        if other != own:
            assert not any(f"{SECRETS}{other}" in said for said in sent)


@EVERY
@given(data=st.data())
def test_nothing_that_was_said_is_lost(protocol: Protocol, data: st.DataObject) -> None:
    request = data.draw(requests(MODELS[protocol][0]))
    sent = "\n".join(strings(built(protocol, request)))
    for message in request.messages:
        for part in message.parts:
            match part:
                case Text():
                    assert part.text.strip() in sent
                case ToolResult():
                    assert part.content.strip() in sent


class Turns:
    """Roles, calls and results of a body, in order, in one shape for all formats."""

    def __init__(self) -> None:
        self.roles: list[str] = []
        self.open: list[str] = []
        self.seen: set[str] = set()

    def call(self, identity: str, name: str) -> None:
        assert NAME.fullmatch(name)
        assert identity not in self.seen
        self.seen.add(identity)
        self.open.append(identity)

    def results(self, *identities: str) -> None:
        assert list(identities) == self.open
        self.open = []

    def check_alternation(self) -> None:
        for first, second in pairwise(self.roles):
            assert first != second
        assert self.roles[0] == "user"


@given(request=requests("claude-sonnet-4-6"))
def test_anthropic(request: ModelRequest) -> None:
    body = built("anthropic", request)
    turns = Turns()
    for message in body["messages"]:
        turns.roles.append(message["role"])
        blocks = message["content"]
        assert blocks
        results = [block for block in blocks if block.get("type") == "tool_result"]
        assert results == blocks[: len(results)]
        if message["role"] == "user":
            turns.results(*(block["tool_use_id"] for block in results))
        for block in blocks:
            if block.get("type") == "tool_use":
                assert re.fullmatch(WORDS.pattern, block["id"])
                turns.call(block["id"], block["name"])
            if block.get("type") == "text":
                assert block["text"].strip()
            assert block.get("type") != "image" or message["role"] == "user"
    turns.check_alternation()
    assert not turns.open
    assert body.get("tools") or not turns.seen
    assert str(body).count("cache_control") <= 4


PROFILES: dict[str, Profile] = {
    "usual": Profile(),
    "no-system": Profile(system_in_first_message=True),
    "echo": Profile(reasoning_echo="reasoning_content"),
    "nine": Profile(call_id_form="alphanumeric-9"),
    "tags": Profile(think_tags=True),
}


@pytest.mark.parametrize("habit", PROFILES)
@pytest.mark.parametrize("model", ["gpt-5", "devstral-small"])
@given(data=st.data())
def test_openai_chat(habit: str, model: str, data: st.DataObject) -> None:
    request = data.draw(requests(model))
    options = WireOptions("openai/chat/gpt", PROFILES[habit])
    wire = FORMATS["openai-chat"].build(request, options)
    body = cast(Json, msgspec.json.decode(msgspec.json.encode(wire.body)))
    form = NINE if habit == "nine" else SHORT
    turns, pending = Turns(), list[str]()
    messages = body["messages"]
    if messages[0]["role"] == "system":
        assert habit != "no-system"
        messages = messages[1:]
    for message in messages:
        role = message["role"]
        if role == "tool":
            assert message["content"]
            pending.append(message["tool_call_id"])
            continue
        turns.results(*pending)
        if pending and model.startswith("devstral"):
            assert role == "assistant"
        pending = []
        turns.roles.append(role)
        assert message["content"] or message.get("tool_calls")
        if role == "assistant" and habit == "echo":
            assert message.get("reasoning_content") or message["reasoning_details"]
        for call in message.get("tool_calls", ()):
            assert re.fullmatch(form.pattern, call["id"])
            assert isinstance(msgspec.json.decode(call["function"]["arguments"]), dict)
            turns.call(call["id"], call["function"]["name"])
    turns.results(*pending)
    assert all(pair != ("user", "user") for pair in pairwise(turns.roles))
    assert turns.roles[0] == "user"


@given(request=requests("gpt-5"))
def test_openai_responses(request: ModelRequest) -> None:
    turns = Turns()
    for item in built("openai-responses", request)["input"]:
        match item.get("type"):
            case "function_call":
                assert re.fullmatch(WORDS.pattern, item["call_id"])
                assert isinstance(msgspec.json.decode(item["arguments"]), dict)
                turns.call(item["call_id"], item["name"])
            case "function_call_output":
                assert item["call_id"] in turns.open
                turns.open.remove(item["call_id"])
            case "message":
                assert item["content"]
                assert item["role"] != "user" or not turns.open
    assert not turns.open


@given(request=requests("gemini-3-pro"))
def test_gemini(request: ModelRequest) -> None:
    roles: list[str] = []
    open_names: list[str] = []
    for content in built("gemini", request)["contents"]:
        roles.append(content["role"])
        assert content["parts"]
        called = [p["functionCall"]["name"] for p in content["parts"] if "functionCall" in p]
        given_back = [
            p["functionResponse"]["name"] for p in content["parts"] if "functionResponse" in p
        ]
        assert given_back == open_names
        assert all(NAME.fullmatch(name) for name in called)
        open_names = called
    assert not open_names
    assert roles[0] == "user"
    assert all(first != second for first, second in pairwise(roles))


@given(request=requests("us.anthropic.claude-sonnet-4-6-v1:0"))
def test_bedrock(request: ModelRequest) -> None:
    body = built("bedrock", request)
    turns = Turns()
    for message in body["messages"]:
        turns.roles.append(message["role"])
        assert message["content"]
        if message["role"] == "user":
            results = [b["toolResult"] for b in message["content"] if "toolResult" in b]
            turns.results(*(result["toolUseId"] for result in results))
        for block in message["content"]:
            if "toolUse" in block:
                assert re.fullmatch(WORDS.pattern, block["toolUse"]["toolUseId"])
                turns.call(block["toolUse"]["toolUseId"], block["toolUse"]["name"])
    turns.check_alternation()
    assert not turns.open
    assert body.get("toolConfig") or not turns.seen


@given(request=requests("qwen3"))
def test_ollama(request: ModelRequest) -> None:
    open_calls = 0
    for message in built("ollama", request)["messages"]:
        if message["role"] == "tool":
            open_calls -= 1
            continue
        assert open_calls == 0
        for call in message.get("tool_calls", ()):
            assert isinstance(call["function"]["arguments"], dict)
            open_calls += 1
    assert open_calls == 0
