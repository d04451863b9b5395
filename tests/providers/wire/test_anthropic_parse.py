"""Anthropic Messages to events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject, Opaque, ProviderData, Reasoning, Text, ToolCall
from koi.core.provider_events import FinishReason, ToolCallDelta, ToolCallStarted
from koi.core.usage import Usage
from koi.providers.wire.anthropic.parse import MessagesParser
from koi.providers.wire.request import WireOptions
from tests.providers.wire.streams import Outcome, feed

STOP: JsonObject = {"type": "message_stop"}


def parser() -> MessagesParser:
    return MessagesParser(WireOptions("family"))


def answer(*messages: JsonObject | bytes) -> Outcome:
    return feed(parser(), *messages)


def begin(**usage: int) -> JsonObject:
    return {"type": "message_start", "message": {"model": "claude", "usage": usage}}


def start(index: int, type: str, **fields: object) -> JsonObject:
    block = {"type": type, **fields}
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, type: str, **fields: object) -> JsonObject:
    return {"type": "content_block_delta", "index": index, "delta": {"type": type, **fields}}


def stop(index: int) -> JsonObject:
    return {"type": "content_block_stop", "index": index}


def end(reason: str | None = "end_turn", **usage: int) -> JsonObject:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


def text(index: int, said: str) -> tuple[JsonObject, JsonObject, JsonObject]:
    return start(index, "text", text=""), delta(index, "text_delta", text=said), stop(index)


def call(index: int, raw: str) -> tuple[JsonObject, JsonObject, JsonObject]:
    return (
        start(index, "tool_use", id=f"t{index}", name="read", input={}),
        delta(index, "input_json_delta", partial_json=raw),
        stop(index),
    )


def test_text() -> None:
    found = answer(begin(), {"type": "ping"}, *text(0, "Hello"), end(), STOP)
    assert found.text == "Hello"
    assert found.ended.parts == (Text("Hello"),)
    assert (found.ended.finish_reason, found.ended.model) == ("stop", "claude")


def test_parallel_calls() -> None:
    found = answer(begin(), *call(0, '{"a":1}'), *call(1, ""), end("tool_use"), STOP)
    assert found.events[:2] == [ToolCallStarted("t0", "read"), ToolCallDelta("t0", '{"a":1}')]
    assert found.ready == [ToolCall("t0", "read", {"a": 1}), ToolCall("t1", "read", {})]
    assert found.ended.finish_reason == "tool_calls"


def test_a_call_that_came_whole_with_its_start() -> None:
    whole = start(0, "tool_use", id="t", name="read", input={"a": 1})
    assert answer(begin(), whole, stop(0), end("tool_use"), STOP).ready == [
        ToolCall("t", "read", {"a": 1})
    ]


def test_no_call_is_ready_when_the_answer_was_cut_for_length() -> None:
    found = answer(begin(), *call(0, ""), *call(1, '{"a":'), end("max_tokens"), STOP)
    assert found.ready == []
    assert [part.arguments for part in found.calls] == [None, None]
    assert found.calls[1].arguments_raw == '{"a":'


def test_thinking_keeps_its_signature_for_the_echo() -> None:
    found = answer(
        begin(),
        start(0, "thinking", thinking="", signature=""),
        delta(0, "thinking_delta", thinking="hm"),
        delta(0, "signature_delta", signature="sig"),
        stop(0),
        *text(1, "ok"),
        end(),
        STOP,
    )
    assert found.reasoning == "hm"
    data = ProviderData("family", {"signature": "sig"})
    assert found.ended.parts == (Reasoning("hm", data), Text("ok"))


def test_thinking_that_is_not_shown_is_kept() -> None:
    redacted = start(1, "redacted_thinking", data="xyz")
    silent = start(0, "thinking", thinking="", signature="sig")
    found = answer(begin(), silent, stop(0), redacted, stop(1), end(), STOP)
    assert found.reasoning == ""
    assert found.ended.parts == (
        Reasoning("", ProviderData("family", {"signature": "sig"})),
        Opaque(ProviderData("family", {"type": "redacted_thinking", "data": "xyz"})),
    )


def test_tools_of_the_server_are_kept_and_never_calls() -> None:
    found = answer(
        begin(),
        start(0, "server_tool_use", id="s", name="web_search", input={}),
        delta(0, "input_json_delta", partial_json='{"q":1}'),
        stop(0),
        end(),
        STOP,
    )
    assert found.ready == []
    block: JsonObject = {
        "type": "server_tool_use",
        "id": "s",
        "name": "web_search",
        "input": {"q": 1},
    }
    assert found.ended.parts == (Opaque(ProviderData("family", block)),)


def test_the_last_count_of_each_field_is_right() -> None:
    found = answer(
        begin(input_tokens=10, cache_read_input_tokens=5, output_tokens=1),
        end(output_tokens=42, cache_creation_input_tokens=7),
        STOP,
    )
    assert found.usage == Usage(10, 5, 7, 42)


def test_thinking_tokens_are_counted() -> None:
    details: JsonObject = {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn"},
        "usage": {"output_tokens": 9, "output_tokens_details": {"thinking_tokens": 4}},
    }
    assert answer(begin(input_tokens=1), details, STOP).usage == Usage(1, 0, 0, 9, 4)


@pytest.mark.parametrize(
    ("raw", "finish_reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refusal"),
        (None, "stop"),
    ],
)
def test_finish_reasons(raw: str | None, finish_reason: FinishReason) -> None:
    ended = answer(begin(), end(raw), STOP).ended
    assert (ended.finish_reason, ended.raw_finish_reason) == (finish_reason, raw)


def test_without_message_stop_the_answer_was_cut() -> None:
    with pytest.raises(ProviderError, match="cut off") as caught:
        answer(begin(), *text(0, "Hello"), end())
    assert caught.value.kind == "network"


def test_an_error_event_is_an_error() -> None:
    error = {"type": "overloaded_error", "message": "Overloaded"}
    with pytest.raises(ProviderError, match="Overloaded") as caught:
        answer(begin(), *text(0, "Hello"), {"type": "error", "error": error})
    assert caught.value.kind == "overloaded"


def test_the_end_marker_of_openai_is_ignored() -> None:
    assert answer(begin(), *text(0, "a"), end(), STOP, b"[DONE]").text == "a"


def test_a_message_that_starts_over_drops_what_was_half_done() -> None:
    half = call(0, '{"a":')[:2]
    found = answer(begin(), *half, begin(), *call(0, '{"a":2}'), end("tool_use"), STOP)
    assert found.ready == [ToolCall("t0", "read", {"a": 2})]


def test_an_answer_in_one_piece() -> None:
    whole = parser()
    events = whole.whole(
        {
            "type": "message",
            "model": "claude",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "sig"},
                {"type": "text", "text": "Hi"},
                {"type": "tool_use", "id": "t", "name": "read", "input": {"a": 1}},
            ],
            "stop_reason": "tool_use",
            "usage": {"input_tokens": 3, "output_tokens": 2},
        }
    )
    found = Outcome([*events, *whole.finish()])
    assert (found.text, found.reasoning) == ("Hi", "hm")
    assert found.ready == [ToolCall("t", "read", {"a": 1})]
    assert found.usage == Usage(3, output_tokens=2)


def test_an_error_in_one_piece() -> None:
    with pytest.raises(ProviderError, match="no"):
        parser().whole({"type": "error", "error": {"type": "api_error", "message": "no"}})


def test_an_error_of_null_is_none() -> None:
    whole = parser()
    said: JsonObject = {"type": "text", "text": "Hi"}
    whole.whole({"content": [said], "error": None, "stop_reason": "end_turn"})
    assert Outcome(whole.finish()).ended.parts == (Text("Hi"),)


@given(
    st.lists(
        st.sampled_from(
            [
                begin(input_tokens=1),
                *text(0, "a"),
                *call(1, '{"a":1}'),
                delta(9, "text_delta", text="lost"),
                delta(0, "unknown_delta", field=[1]),
                {"type": "content_block_start"},
                {"type": "content_block_delta", "index": [1]},
                {"type": ["odd"]},
                end("tool_use"),
                STOP,
            ]
        ),
        max_size=14,
    )
)
def test_no_order_of_events_breaks_it(messages: list[JsonObject]) -> None:
    try:
        outcome = feed(parser(), *messages)
    except ProviderError:
        return
    assert outcome.ended
