"""Neutral requests as responses to create."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import pytest

from koi.catalogue.rows import Profile
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
from koi.providers.wire.openai_responses.build import build
from koi.providers.wire.request import WireOptions

USER = Message("user", (Text("Hello"),))
SAID = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}
PLAIN = WireOptions("family")
IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,YWJj", "detail": "auto"}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "enc"}


def body(request: ModelRequest, options: WireOptions = PLAIN) -> dict[str, Any]:
    return cast(
        dict[str, Any], msgspec.json.decode(msgspec.json.encode(build(request, options).body))
    )


def items(*said: Message, options: WireOptions = PLAIN) -> list[Any]:
    return cast(list[Any], body(ModelRequest("m", said), options)["input"])


def assistant(*parts: Part) -> Message:
    return Message("assistant", parts)


def own(**data: object) -> ProviderData:
    return ProviderData("family", data)


def test_what_is_not_set_is_not_sent_and_nothing_is_stored() -> None:
    request = build(ModelRequest("m", (USER,)), PLAIN)
    assert request.path == "/responses"
    assert request.body == {"model": "m", "store": False, "input": [SAID], "stream": True}


def test_what_is_set_is_sent_except_stop() -> None:
    request = ModelRequest("m", (USER,), "Be brief.", (), 50, 0.0, ("END",))
    sent = body(request, WireOptions("family", stream=False))
    assert sent == {
        "model": "m",
        "store": False,
        "instructions": "Be brief.",
        "input": [SAID],
        "max_output_tokens": 50,
        "temperature": 0.0,
    }


@pytest.mark.parametrize(
    ("model", "reasons"),
    [
        *((name, True) for name in ("gpt-5.2", "gpt-5-codex", "o4-mini", "openai/gpt-5.2")),
        *((name, True) for name in ("codex-mini-latest", "grok-4.3", "x-ai/grok-3-mini")),
        *((name, False) for name in ("gpt-4o", "gpt-4.1", "gpt-5-chat-latest", "gpt-5.2-chat")),
        *((name, False) for name in ("olmo", "grok-3", "grok-4-1-fast-non-reasoning", "tiny")),
    ],
)
def test_encrypted_reasoning_is_asked_of_models_that_reason(model: str, reasons: bool) -> None:
    wanted = ["reasoning.encrypted_content"] if reasons else None
    assert body(ModelRequest(model, (USER,))).get("include") == wanted


@pytest.mark.parametrize("given", [True, False])
def test_the_catalogue_knows_better_than_names(given: bool) -> None:
    options = WireOptions("family", Profile(encrypted_reasoning=given))
    for model in ("gpt-5.2", "gpt-4o"):
        assert ("include" in body(ModelRequest(model, (USER,)), options)) == given


def test_habits_of_the_catalogue() -> None:
    profile = Profile(
        streaming_only=True,
        reasoning_summary="auto",
        refused_fields=("max_output_tokens", "temperature"),
        model_names={"auto": "vendor/auto"},
        extra_body={"instructions": ""},
    )
    request = ModelRequest("auto", (USER,), max_tokens=5, temperature=1.0)
    sent = build(request, WireOptions("family", profile, stream=False))
    assert sent.body == {
        "model": "vendor/auto",
        "store": False,
        "instructions": "",
        "input": [SAID],
        "reasoning": {"summary": "auto"},
        "stream": True,
    }
    assert "text/event-stream" in sent.headers["Accept"]


def test_a_system_prompt_takes_the_place_of_the_usual_instructions() -> None:
    options = WireOptions("family", Profile(extra_body={"instructions": ""}))
    assert body(ModelRequest("m", (USER,), "Be brief."), options)["instructions"] == "Be brief."


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        ("read", {"type": "function", "name": "read"}),
    ],
)
def test_tools(choice: str, sent: object) -> None:
    tool = ToolSchema("read", "Reads.", {"type": "object"})
    found = body(ModelRequest("m", (USER,), tools=(tool,), tool_choice=choice))
    parameters = {"parameters": {"type": "object"}, "strict": False}
    assert found["tools"] == [
        {"type": "function", "name": "read", "description": "Reads.", **parameters}
    ]
    assert found["tool_choice"] == sent


def test_a_tool_choice_without_tools_is_not_sent() -> None:
    assert "tool_choice" not in body(ModelRequest("m", (USER,), tool_choice="auto"))


def test_calls_and_their_results() -> None:
    sent = items(
        assistant(Text("Reading."), ToolCall("a", "read", {"path": "x"}), ToolCall("b", "ls", {})),
        Message("user", (ToolResult("a", "one"), ToolResult("b", "", ok=False), Text("And?"))),
    )
    assert sent == [
        {"type": "message", "role": "assistant", "content": "Reading."},
        {"type": "function_call", "call_id": "a", "name": "read", "arguments": '{"path":"x"}'},
        {"type": "function_call", "call_id": "b", "name": "ls", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "one"},
        {"type": "function_call_output", "call_id": "b", "output": ""},
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "And?"}],
        },
    ]


def test_calls_stay_next_to_their_results() -> None:
    sent = items(
        assistant(Text("1"), ToolCall("a", "f", {}), Text("2"), ToolCall("b", "g", {})),
        Message("user", (ToolResult("a", "x"), ToolResult("b", "y"))),
    )
    assert [item.get("content") or item["call_id"] for item in sent] == [
        *("1", "2", "a", "b", "a", "b")
    ]


def test_foreign_ids_are_made_to_fit() -> None:
    foreign = "toolu:" + "x" * 80
    call, result = items(
        assistant(ToolCall(foreign, "f", {})), Message("user", (ToolResult(foreign, "x"),))
    )
    assert call["call_id"] == result["call_id"]
    assert len(call["call_id"]) <= 64


def test_arguments_that_were_no_json_go_back_as_json() -> None:
    (sent,) = items(assistant(ToolCall("a", "ls", None, '{"pa')))
    assert msgspec.json.decode(sent["arguments"]) == {"arguments_raw": '{"pa'}


def test_images() -> None:
    (sent,) = items(Message("user", (Text("What?"), Image("image/png", b"abc"))))
    assert sent["content"] == [{"type": "input_text", "text": "What?"}, IMAGE]


@pytest.mark.parametrize(
    ("content", "said"), [("see", [{"type": "input_text", "text": "see"}]), ("", [])]
)
def test_images_of_tool_results(content: str, said: list[object]) -> None:
    result = ToolResult("a", content, images=(Image("image/png", b"abc"),))
    (sent,) = items(Message("user", (result,)))
    assert sent["output"] == [*said, IMAGE]


def test_encrypted_reasoning_goes_back_to_the_same_family_only() -> None:
    said = assistant(Reasoning("hm", own(**THOUGHT)), ToolCall("a", "ls", {}))
    assert items(said)[0] == THOUGHT
    assert [item["type"] for item in items(said, options=WireOptions("other"))] == ["function_call"]


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5-chat-latest", "openai/gpt-4.1", "chatgpt-4o"])
def test_models_that_do_not_reason_get_no_reasoning(model: str) -> None:
    said = assistant(Reasoning("hm", own(**THOUGHT)), Text("ok"))
    sent = body(ModelRequest(model, (USER, said)))["input"]
    assert [item["type"] for item in sent] == ["message", "message"]


def test_reasoning_stays_before_what_it_led_to() -> None:
    said = assistant(
        Reasoning("", own(**THOUGHT)),
        ToolCall("a", "f", {}),
        Reasoning("", own(**THOUGHT)),
        Text("ok"),
    )
    assert [item["type"] for item in items(said)] == [
        *("reasoning", "function_call", "reasoning", "message")
    ]


def test_reasoning_without_what_it_led_to_is_left_out() -> None:
    alone = assistant(Reasoning("", own(**THOUGHT)))
    assert items(alone, USER) == [SAID]
    after = assistant(Text("ok"), Reasoning("", own(**THOUGHT)), Reasoning("", own(**THOUGHT)))
    assert [item["type"] for item in items(after)] == ["message"]


def test_reasoning_that_signs_what_came_before_is_kept() -> None:
    signature = own(**THOUGHT, format="google-gemini-v1")
    assert [item["type"] for item in items(assistant(Text("ok"), Reasoning("", signature)))] == [
        *("message", "reasoning")
    ]


def test_reasoning_without_data_is_left_out() -> None:
    assert items(assistant(Reasoning("hm"), Text("ok"))) == [
        {"type": "message", "role": "assistant", "content": "ok"}
    ]


def test_phases_go_back_to_the_same_family_only() -> None:
    said = assistant(Text("ok", own(phase="commentary")))
    assert items(said)[0]["phase"] == "commentary"
    assert "phase" not in items(said, options=WireOptions("other"))[0]


def test_custom_calls_go_back_as_they_came() -> None:
    call = ToolCall("a", "sql", {"input": "SELECT"}, provider_data=own(type="custom_tool_call"))
    said = (assistant(call), Message("user", (ToolResult("a", "1"),)))
    assert items(*said) == [
        {"type": "custom_tool_call", "call_id": "a", "name": "sql", "input": "SELECT"},
        {"type": "custom_tool_call_output", "call_id": "a", "output": "1"},
    ]
    assert [item["type"] for item in items(*said, options=WireOptions("other"))] == [
        *("function_call", "function_call_output")
    ]


def test_items_of_the_server_go_back_to_the_same_family_only() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    said = assistant(Opaque(own(**search)), Text("ok"))
    assert items(said)[0] == search
    assert len(items(said, options=WireOptions("other"))) == 1


def test_empty_text_is_left_out() -> None:
    assert items(assistant(Text("  ")), Message("user", (Text(""), Text("Hello")))) == [SAID]
