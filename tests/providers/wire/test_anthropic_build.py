"""Neutral requests as Anthropic Messages."""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec
import pytest

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
from koi.providers.wire.anthropic.build import build
from koi.providers.wire.request import WireOptions

USER = Message("user", (Text("Hello"),))
PLAIN = WireOptions("family")
CACHED = {"cache_control": {"type": "ephemeral"}}


def body(request: ModelRequest, options: WireOptions = PLAIN) -> dict[str, Any]:
    return cast(
        dict[str, Any], msgspec.json.decode(msgspec.json.encode(build(request, options).body))
    )


def messages(*said: Message, options: WireOptions = PLAIN) -> list[Any]:
    return cast(list[Any], body(ModelRequest("m", said), options)["messages"])


def content(*parts: Part, options: WireOptions = PLAIN) -> list[Any]:
    """The blocks of an assistant message that is not the last one."""
    return cast(
        list[Any], messages(Message("assistant", parts), USER, options=options)[0]["content"]
    )


def test_the_least() -> None:
    request = build(ModelRequest("m", (USER,)), PLAIN)
    assert request.path == "/v1/messages"
    assert request.headers == {"anthropic-version": "2023-06-01"}
    assert body(ModelRequest("m", (USER,))) == {
        "model": "m",
        "max_tokens": 8192,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello", **CACHED}]}],
        "stream": True,
    }


@pytest.mark.parametrize(
    ("asked", "limit", "sent"), [(None, None, 8192), (None, 64_000, 64_000), (5, 64_000, 5)]
)
def test_max_tokens_is_always_sent(asked: int | None, limit: int | None, sent: int) -> None:
    request = ModelRequest("m", (USER,), max_tokens=asked)
    assert body(request, WireOptions("family", output_limit=limit))["max_tokens"] == sent


def test_system_tools_and_history_are_marked_for_caching() -> None:
    tools = tuple(ToolSchema(name, "", {"type": "object"}) for name in ("a", "b"))
    sent = body(ModelRequest("m", (USER, USER), system="Be brief.", tools=tools))
    assert sent["system"] == [{"type": "text", "text": "Be brief.", **CACHED}]
    assert [tool.get("cache_control") for tool in sent["tools"]] == [None, {"type": "ephemeral"}]
    assert msgspec.json.encode(sent).count(b"cache_control") == 3


def test_what_is_set_is_sent() -> None:
    tool = ToolSchema("a", "", {})
    request = ModelRequest("m", (USER,), temperature=0.0, stop=("END",), tools=(tool,))
    sent = body(request)
    assert (sent["temperature"], sent["stop_sequences"]) == (0.0, ["END"])
    assert "tool_choice" not in sent


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        ("read", {"type": "tool", "name": "read"}),
    ],
)
def test_tool_choice(choice: str, sent: object) -> None:
    tool = ToolSchema("read", "", {})
    request = ModelRequest("m", (USER,), tools=(tool,), tool_choice=choice)
    assert body(request)["tool_choice"] == sent


def test_results_of_one_turn_are_one_message_and_come_first() -> None:
    sent = messages(
        Message("assistant", (ToolCall("a", "ls", {}), ToolCall("b", "ls", {}))),
        Message("user", (ToolResult("a", "one"),)),
        Message("user", (Text("Go on."), ToolResult("b", "two", ok=False))),
    )
    assert [message["role"] for message in sent] == ["assistant", "user"]
    assert [block["type"] for block in sent[1]["content"]] == ["tool_result", "tool_result", "text"]
    assert sent[1]["content"][1] == {
        "type": "tool_result",
        "tool_use_id": "b",
        "content": [{"type": "text", "text": "two"}],
        "is_error": True,
    }


def test_images_also_in_results() -> None:
    image = Image("image/png", b"abc")
    source = {"type": "base64", "media_type": "image/png", "data": "YWJj"}
    (sent,) = messages(Message("user", (ToolResult("a", "", images=(image,)), image, Text("?"))))
    assert sent["content"][0]["content"] == [{"type": "image", "source": source}]
    assert sent["content"][1] == {"type": "image", "source": source}


def test_thinking_goes_back_signed_and_in_its_place() -> None:
    thought = Reasoning("hm", ProviderData("family", {"signature": "sig"}))
    redacted = Opaque(ProviderData("family", {"type": "redacted_thinking", "data": "x"}))
    call = ToolCall("a", "ls", {"path": "."})
    assert content(thought, redacted, call) == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "tool_use", "id": "a", "name": "ls", "input": {"path": "."}},
    ]


def test_thinking_of_others_is_left_out() -> None:
    foreign = Reasoning("hm", ProviderData("other", {"signature": "sig"}))
    unsigned = Reasoning("hm")
    opaque = Opaque(ProviderData("other", {"type": "redacted_thinking"}))
    assert content(foreign, unsigned, opaque, Text("ok")) == [{"type": "text", "text": "ok"}]


def test_empty_text_is_left_out() -> None:
    assert messages(Message("assistant", (Text(" \n"),)), USER)[0]["role"] == "user"


def test_thinking_is_never_marked_for_caching() -> None:
    thought = Reasoning("hm", ProviderData("family", {"signature": "sig"}))
    (sent,) = messages(Message("assistant", (Text("ok"), thought)))
    assert "cache_control" in sent["content"][0]
    assert "cache_control" not in sent["content"][1]


def test_ids_of_others_are_made_to_fit() -> None:
    sent = messages(
        Message("assistant", (ToolCall("functions.ls:0", "ls", {}),)),
        Message("user", (ToolResult("functions.ls:0", "ok"),)),
    )
    identity = sent[0]["content"][0]["id"]
    assert re.fullmatch(r"[a-zA-Z0-9_-]+", identity)
    assert sent[1]["content"][0]["tool_use_id"] == identity


def test_arguments_that_were_no_json_go_back_as_an_object() -> None:
    assert content(ToolCall("a", "ls", None, '{"pa'))[0]["input"] == {"arguments_raw": '{"pa'}


def test_building_does_not_change_the_history() -> None:
    block: dict[str, object] = {"type": "server_tool_use", "id": "s"}
    build(
        ModelRequest("m", (Message("assistant", (Opaque(ProviderData("family", block)),)),)), PLAIN
    )
    assert block == {"type": "server_tool_use", "id": "s"}


def test_calls_in_the_history_are_declared_when_no_tool_is_offered() -> None:
    said = (
        Message("user", (Text("Hello"),)),
        Message("assistant", (ToolCall("a", "ls", {}), ToolCall("b", "no such!", {}))),
        Message("user", (ToolResult("a", "x"), ToolResult("b", "y"))),
    )
    body = build(ModelRequest("m", said), PLAIN).body
    assert [tool["name"] for tool in cast(list[Any], body["tools"])] == ["ls", "no_such_"]
    assert body["tool_choice"] == {"type": "none"}


def test_an_answer_to_be_continued_does_not_end_in_blanks() -> None:
    sent = messages(Message("user", (Text("Go"),)), Message("assistant", (Text("So: \n"),)))
    assert sent[-1]["content"][-1]["text"] == "So:"


def test_blanks_inside_the_conversation_stay() -> None:
    sent = messages(
        Message("user", (Text("Go"),)),
        Message("assistant", (Text("So: \n"),)),
        Message("user", (Text("On"),)),
    )
    assert sent[1]["content"][0]["text"] == "So: \n"


def test_images_of_a_model_are_left_out() -> None:
    sent = messages(
        Message("user", (Text("Draw"),)),
        Message("assistant", (Image("image/png", b"png"), Text("Here"))),
    )
    assert [block["type"] for block in sent[1]["content"]] == ["text"]
