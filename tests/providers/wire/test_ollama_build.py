"""Neutral requests as /api/chat."""

from __future__ import annotations

from typing import cast

import pytest

from koi.catalogue.rows import Profile
from koi.core.errors import ProviderError
from koi.core.messages import (
    Image,
    JsonObject,
    Message,
    ModelRequest,
    ProviderData,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    ToolSchema,
)
from koi.providers.wire.ollama.build import build
from koi.providers.wire.request import ModelAnswers, WireOptions

FAMILY = "ollama/qwen"
HELLO = Message("user", (Text("Hello"),))
READ = ToolSchema("read", "Reads a file.", {"type": "object", "properties": {}})
WRITE = ToolSchema("write", "Writes a file.", {"type": "object", "properties": {}})
PNG = Image("image/png", b"\x89PNG")


def body(*messages: Message, options: WireOptions | None = None, **fields: object) -> JsonObject:
    request = ModelRequest("qwen3", messages or (HELLO,), **fields)  # type: ignore[arg-type]
    return build(request, options or WireOptions(FAMILY)).body


def sent(*messages: Message) -> list[JsonObject]:
    return cast(list[JsonObject], body(*messages)["messages"])


def settings(body: JsonObject) -> JsonObject:
    return cast(JsonObject, body["options"])


def test_the_smallest_request() -> None:
    assert body() == {
        "model": "qwen3",
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": True,
        "truncate": False,
        "shift": False,
        "options": {"num_ctx": 8192},
    }


def test_without_streaming_says_so() -> None:
    assert body(options=WireOptions(FAMILY, stream=False))["stream"] is False


def test_settings_go_into_options() -> None:
    found = body(max_tokens=100, temperature=0.0, stop=("END",), system="Be brief.")
    assert settings(found) == {
        "num_ctx": 8192,
        "num_predict": 100,
        "temperature": 0.0,
        "stop": ["END"],
    }
    assert cast(list[JsonObject], found["messages"])[0] == {
        "role": "system",
        "content": "Be brief.",
    }


def test_a_call_and_its_result_keep_name_and_id() -> None:
    call = ToolCall("c1", "read", {"path": "a"})
    assert sent(
        HELLO,
        Message("assistant", (Text("Reading."), call)),
        Message("user", (ToolResult("c1", "content"), Text("go on"))),
    )[1:] == [
        {
            "role": "assistant",
            "content": "Reading.",
            "tool_calls": [{"id": "c1", "function": {"name": "read", "arguments": {"path": "a"}}}],
        },
        {"role": "tool", "content": "content", "tool_call_id": "c1", "tool_name": "read"},
        {"role": "user", "content": "go on"},
    ]


def test_arguments_that_are_no_object_are_wrapped() -> None:
    message = sent(Message("assistant", (ToolCall("c1", "read", None, "{bad"),)))[0]
    call = cast(list[JsonObject], message["tool_calls"])[0]
    assert cast(JsonObject, call["function"])["arguments"] == {"arguments_raw": "{bad"}


def test_thinking_goes_back_to_its_own_family_only() -> None:
    mine = Reasoning("mine", ProviderData(FAMILY, {"field": "thinking"}))
    other = Reasoning("other", ProviderData("anthropic/claude", {}))
    message = sent(Message("assistant", (mine, other, Text("Yes"))))[0]
    assert message == {"role": "assistant", "content": "Yes", "thinking": "mine"}


def test_an_answer_of_reasoning_alone_is_left_out() -> None:
    assert sent(HELLO, Message("assistant", (Reasoning("hm"),)), HELLO)[1]["role"] == "user"


def test_pictures_are_base64_beside_the_text() -> None:
    assert sent(Message("user", (Text("What is it?"), PNG)))[0] == {
        "role": "user",
        "content": "What is it?",
        "images": ["iVBORw=="],
    }


def test_pictures_of_a_tool_follow_its_result() -> None:
    messages = sent(Message("user", (ToolResult("c1", "a picture", images=(PNG,)),)))
    assert messages == [
        {"role": "tool", "content": "a picture", "tool_call_id": "c1"},
        {"role": "user", "content": "", "images": ["iVBORw=="]},
    ]


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (None, ["read", "write"]),
        ("auto", ["read", "write"]),
        ("required", ["read", "write"]),
        ("write", ["write"]),
        ("none", []),
    ],
)
def test_tools(choice: str | None, names: list[str]) -> None:
    found = body(tools=(READ, WRITE), tool_choice=choice)
    tools = cast(list[JsonObject], found.get("tools", []))
    assert [cast(JsonObject, tool["function"])["name"] for tool in tools] == names


def test_a_tool_in_full() -> None:
    assert body(tools=(READ,))["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "read",
                "description": "Reads a file.",
                "parameters": {"type": "object", "properties": {}},
            },
        }
    ]


@pytest.mark.parametrize(
    ("facts", "think"),
    [
        ({}, None),
        ({"capabilities": ["completion", "tools"]}, None),
        ({"capabilities": ["completion", "thinking"]}, True),
        ({"capabilities": ["thinking"], "thinking": {"values": ["low"], "default": "low"}}, None),
    ],
)
def test_thinking_is_asked_for_where_it_must_be(facts: JsonObject, think: bool | None) -> None:
    told = WireOptions(FAMILY, told=ModelAnswers(facts, {"models": []}))
    assert body(options=told).get("think") is think


@pytest.mark.parametrize(
    ("model", "host"), [("gpt-oss:120b-cloud", "127.0.0.1"), ("gpt-oss:120b", "ollama.com")]
)
def test_the_cloud_chooses_its_own_context(model: str, host: str) -> None:
    request = ModelRequest(model, (HELLO,))
    assert "options" not in build(request, WireOptions(FAMILY, host=host)).body


def test_names_and_fields_of_the_profile() -> None:
    profile = Profile(model_names={"qwen3": "qwen3:32b"}, extra_body={"keep_alive": "1h"})
    found = body(options=WireOptions(FAMILY, profile))
    assert (found["model"], found["keep_alive"]) == ("qwen3:32b", "1h")


def test_a_request_that_cannot_fit_is_not_sent() -> None:
    told = ModelAnswers({"model_info": {"llama.context_length": 4096}}, {"models": []})
    long = Message("user", (Text("word " * 10_000),))
    with pytest.raises(ProviderError) as raised:
        body(long, options=WireOptions(FAMILY, told=told))
    assert raised.value.kind == "context_overflow"
    assert "4,096" in raised.value.title


def test_what_is_not_known_to_overflow_is_sent() -> None:
    long = Message("user", (Text("word " * 100_000),))
    assert settings(body(long))["num_ctx"] == 32_768
