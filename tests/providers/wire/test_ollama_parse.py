"""/api/chat to events, from servers of today and of two years ago."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject, ProviderData, Reasoning, Text, ToolCall
from koi.core.provider_events import FinishReason, ToolCallDelta, ToolCallStarted
from koi.core.usage import Usage
from koi.net.framing import StreamEvent
from koi.providers.wire.ollama.parse import OllamaParser
from koi.providers.wire.request import WireOptions
from tests.providers.wire.streams import Outcome, feed

FAMILY = "ollama/qwen"


def parser() -> OllamaParser:
    return OllamaParser(WireOptions(FAMILY))


def said(content: str = "", **message: object) -> JsonObject:
    return {
        "model": "qwen3:4b",
        "message": {"role": "assistant", "content": content, **message},
        "done": False,
    }


def done(reason: str | None = "stop", content: str = "", **counts: object) -> JsonObject:
    named: JsonObject = {} if reason is None else {"done_reason": reason}
    return {**said(content), "done": True, **named, **counts}


def call(name: str, arguments: object, **more: object) -> JsonObject:
    return {"function": {"name": name, "arguments": arguments}, **more}


def answer(*lines: JsonObject | bytes) -> Outcome:
    return feed(parser(), *lines)


def test_text_in_lines() -> None:
    found = answer(said("Hel"), said("lo"), done(prompt_eval_count=10, eval_count=2))
    assert found.text == "Hello"
    assert found.ended.parts == (Text("Hello"),)
    assert (found.ended.finish_reason, found.ended.raw_finish_reason) == ("stop", "stop")
    assert (found.ended.model, found.usage) == ("qwen3:4b", Usage(10, output_tokens=2))


def test_thinking_is_reasoning_of_its_family() -> None:
    found = answer(said(thinking="Let"), said(thinking=" me"), said("Yes"), done())
    assert (found.reasoning, found.text) == ("Let me", "Yes")
    thought = Reasoning("Let me", ProviderData(FAMILY, {"field": "thinking"}))
    assert found.ended.parts == (thought, Text("Yes"))


def test_thinking_comes_before_the_content_of_its_line() -> None:
    found = answer(done(content="b") | {"message": {"content": "b", "thinking": "a"}})
    assert [type(part) for part in found.ended.parts] == [Reasoning, Text]


def test_tags_in_the_content_are_text() -> None:
    assert answer(said("so.\n</think>\n\nYes"), done()).text == "so.\n</think>\n\nYes"


def test_a_call_ends_with_the_reason_stop_and_means_tool_calls() -> None:
    found = answer(said(tool_calls=[call("read", {"path": "a"}, id="call_1")]), done())
    wanted = ToolCall("call_1", "read", {"path": "a"})
    assert found.ready == [wanted]
    assert (found.ended.finish_reason, found.ended.raw_finish_reason) == ("tool_calls", "stop")
    assert found.events[:2] == [
        ToolCallStarted("call_1", "read"),
        ToolCallDelta("call_1", '{"path":"a"}'),
    ]


def test_calls_of_old_servers_get_ids_of_their_own() -> None:
    found = answer(said(tool_calls=[call("a", {}), call("a", {})]), done())
    assert len({found.id for found in found.ready}) == 2


def test_calls_in_several_lines_keep_their_order() -> None:
    first = {"id": "c0", "function": {"index": 0, "name": "a", "arguments": {}}}
    second = {"id": "c1", "function": {"index": 0, "name": "b", "arguments": {}}}
    found = answer(said(tool_calls=[first]), said(tool_calls=[second]), done())
    assert [(call.id, call.name) for call in found.ready] == [("c0", "a"), ("c1", "b")]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [({}, {}), (None, {}), ('{"a":1}', {"a": 1}), ("", {}), ("no", None), ([1], None)],
)
def test_arguments_are_an_object_or_cannot_run(
    arguments: object, wanted: JsonObject | None
) -> None:
    assert answer(said(tool_calls=[call("a", arguments)]), done()).calls[0].arguments == wanted


@pytest.mark.parametrize(
    ("raw", "reason"),
    [("stop", "stop"), ("length", "length"), ("load", "stop"), ("unload", "stop"), (None, "stop")],
)
def test_reasons(raw: str | None, reason: FinishReason) -> None:
    found = answer(said("x"), done(raw)).ended
    assert (found.finish_reason, found.raw_finish_reason) == (reason, raw)


def test_calls_of_an_answer_that_was_too_long_do_not_run() -> None:
    found = answer(said(tool_calls=[call("a", {"b": 1})]), done("length"))
    assert (found.ready, found.ended.finish_reason) == ([], "length")
    assert found.calls[0].arguments == {"b": 1}


@pytest.mark.parametrize(
    ("counts", "usage"),
    [
        ({}, None),
        ({"eval_count": 5}, Usage(0, output_tokens=5)),
        ({"prompt_eval_count": 9}, Usage(9)),
        (
            {"prompt_eval_count": 9, "prompt_eval_cached_count": 8, "eval_count": 1},
            Usage(1, cache_read_tokens=8, output_tokens=1),
        ),
        ({"prompt_eval_count": "9", "eval_count": True}, None),
    ],
)
def test_counts(counts: JsonObject, usage: Usage | None) -> None:
    assert answer(done() | counts).usage == usage


def test_an_error_on_its_own_line_is_raised_after_what_came_before() -> None:
    reader = parser()
    reader.feed(StreamEvent("", b'{"message":{"content":"half"},"done":false}'))
    with pytest.raises(ProviderError, match="CUDA error") as raised:
        reader.feed(StreamEvent("", b'{"error":"CUDA error"}'))
    assert (raised.value.kind, raised.value.status) == ("overloaded", 200)


def test_an_answer_without_its_last_line_was_cut() -> None:
    with pytest.raises(ProviderError) as raised:
        answer(said("half"), said(tool_calls=[call("a", {})]))
    assert raised.value.kind == "network"


def test_nothing_counts_after_the_last_line() -> None:
    assert answer(said("a"), done(), said("b"), b"no json").text == "a"


def test_an_answer_in_one_piece() -> None:
    reader = parser()
    events = reader.whole(done(content="Hello", eval_count=1))
    found = Outcome([*events, *reader.finish()])
    assert (found.text, found.usage) == ("Hello", Usage(output_tokens=1))


@pytest.mark.parametrize(
    ("body", "kind"),
    [({"choices": []}, "protocol"), ({"error": "model 'm' not found"}, "model_not_found")],
)
def test_one_piece_that_is_no_answer(body: JsonObject, kind: str) -> None:
    with pytest.raises(ProviderError) as raised:
        parser().whole(body)
    assert raised.value.kind == kind


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "message",
                    "content",
                    "thinking",
                    "tool_calls",
                    "function",
                    "name",
                    "arguments",
                    "id",
                ]
            ),
            children,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(
    st.lists(st.fixed_dictionaries({}, optional={"message": odd, "done": odd, "done_reason": odd}))
)
def test_no_line_breaks_it(lines: list[JsonObject]) -> None:
    assert answer(*lines, done()).ended
