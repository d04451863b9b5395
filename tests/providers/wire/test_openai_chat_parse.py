"""Chat completions to events: the normal form and the habits of compatible servers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.catalogue.rows import Profile
from koi.core.errors import ProviderError
from koi.core.messages import JsonObject, ProviderData, Reasoning, Text, ToolCall
from koi.core.provider_events import (
    FinishReason,
    ToolCallDelta,
    ToolCallReady,
    ToolCallStarted,
)
from koi.core.usage import Usage
from koi.providers.wire.openai_chat.parse import ChatParser
from koi.providers.wire.request import WireOptions
from tests.providers.wire.streams import Outcome, feed

DONE = b"[DONE]"


def parser(**profile: bool) -> ChatParser:
    return ChatParser(WireOptions("family", Profile(**profile)))  # type: ignore[arg-type]


def chunk(delta: JsonObject, finish: str | None = None, **more: object) -> JsonObject:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def fragment(arguments: object, **call: object) -> JsonObject:
    function: JsonObject = {"arguments": arguments}
    if "name" in call:
        function["name"] = call.pop("name")
    return {"tool_calls": [{**call, "function": function}]}


def answer(*messages: JsonObject | bytes) -> Outcome:
    return feed(parser(), *messages)


def test_text_in_deltas() -> None:
    found = answer(
        chunk({"role": "assistant", "content": ""}, model="gpt-x"),
        chunk({"content": "Hel"}),
        chunk({"content": "lo"}),
        chunk({}, "stop"),
        DONE,
    )
    assert found.text == "Hello"
    assert found.ended.parts == (Text("Hello"),)
    assert (found.ended.finish_reason, found.ended.model) == ("stop", "gpt-x")


def test_a_call_in_fragments() -> None:
    found = answer(
        chunk(fragment("", index=0, id="c1", name="read")),
        chunk(fragment('{"path":', index=0)),
        chunk(fragment('"a"}', index=0, id="", name=None)),
        chunk({}, "tool_calls"),
    )
    call = ToolCall("c1", "read", {"path": "a"})
    assert found.events[:3] == [
        ToolCallStarted("c1", "read"),
        ToolCallDelta("c1", '{"path":'),
        ToolCallDelta("c1", '"a"}'),
    ]
    assert found.ready == [call]
    assert found.ended.parts == (call,)


@pytest.mark.parametrize(
    "indexes", [(0, 1), (1, 2), (None, None), (0, 0)], ids=["usual", "from 1", "none", "all 0"]
)
def test_two_calls_whatever_their_indexes(indexes: tuple[int | None, int | None]) -> None:
    found = answer(
        chunk(fragment('{"a":1}', index=indexes[0], id="c1", name="add")),
        chunk(fragment('{"a":2}', index=indexes[1], id="c2", name="add")),
        chunk({}, "tool_calls"),
    )
    assert found.ready == [ToolCall("c1", "add", {"a": 1}), ToolCall("c2", "add", {"a": 2})]


@pytest.mark.parametrize("index", [None, 0])
@pytest.mark.parametrize("names", [("add", "add"), ("add", "read")])
def test_two_whole_calls_without_ids(index: int | None, names: tuple[str, str]) -> None:
    found = answer(
        chunk(fragment('{"a":1}', index=index, id="", name=names[0])),
        chunk(fragment('{"a":2}', index=index, id="", name=names[1])),
        chunk({}, "tool_calls"),
    )
    assert [(call.name, call.arguments) for call in found.ready] == [
        (names[0], {"a": 1}),
        (names[1], {"a": 2}),
    ]
    assert len({call.id for call in found.ready}) == 2


@pytest.mark.parametrize("identity", ["", "c1"])
def test_calls_of_an_answer_in_one_piece_need_no_ids_of_their_own(identity: str) -> None:
    calls = [
        {"id": identity, "function": {"name": "add", "arguments": arguments}}
        for arguments in ('{"a":1}', "", '{"a":2}')
    ]
    reading = parser()
    reading.whole({"choices": [{"message": {"tool_calls": calls}, "finish_reason": "stop"}]})
    ready = [event.call for event in reading.finish() if isinstance(event, ToolCallReady)]
    assert [call.arguments for call in ready] == [{"a": 1}, {}, {"a": 2}]
    assert len({call.id for call in ready}) == 3


def test_two_calls_at_index_0_in_fragments() -> None:
    found = answer(
        chunk(fragment(None, index=0, id="c1", name="add")),
        chunk(fragment('{"a":1}', index=0)),
        chunk(fragment("", index=0, id="c2", name="add")),
        chunk(fragment('{"a":2}', index=0)),
        chunk({}, "tool_calls"),
    )
    assert [call.arguments for call in found.ready] == [{"a": 1}, {"a": 2}]


def test_a_call_without_an_id_gets_one() -> None:
    found = answer(chunk(fragment({"a": 1}, index=0, name="add")), chunk({}, "stop"))
    (call,) = found.ready
    assert call.id
    assert call.arguments == {"a": 1}


def test_a_call_after_stop_is_a_call_all_the_same() -> None:
    found = answer(chunk(fragment("", index=0, id="c", name="now")), chunk({}, "stop"))
    assert found.ended.finish_reason == "tool_calls"
    assert found.ended.raw_finish_reason == "stop"
    assert found.ready == [ToolCall("c", "now", {})]


@pytest.mark.parametrize("raw", ["", '{"a":', '{"a":1}'])
def test_no_call_is_ready_when_the_answer_was_cut_for_length(raw: str) -> None:
    found = answer(chunk(fragment(raw, index=0, id="c", name="add")), chunk({}, "length"))
    assert found.ready == []
    assert found.ended.finish_reason == "length"
    (call,) = found.calls
    assert (call.arguments is None) == (raw != '{"a":1}')


@pytest.mark.parametrize("raw", ['{"a":', "[1]", '"text"', "nonsense"])
def test_arguments_that_are_no_object_are_kept_as_they_came(raw: str) -> None:
    found = answer(chunk(fragment(raw, index=0, id="c", name="add")), chunk({}, "tool_calls"))
    assert found.ready == [ToolCall("c", "add", None, raw)]


def test_arguments_of_another_type_never_run() -> None:
    found = answer(chunk(fragment([1], index=0, id="c", name="add")), chunk({}, "tool_calls"))
    assert found.ready == [ToolCall("c", "add", None, "[1]")]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "reasoning_text"])
def test_reasoning_has_three_names(field: str) -> None:
    found = answer(chunk({field: "hm"}), chunk({"content": "ok"}), chunk({}, "stop"))
    assert found.reasoning == "hm"
    data = ProviderData("family", {"field": field})
    assert found.ended.parts == (Reasoning("hm", data), Text("ok"))


def test_reasoning_is_not_counted_twice() -> None:
    details = [{"type": "reasoning.text", "text": "hm", "index": 0}]
    found = answer(chunk({"reasoning": "hm", "reasoning_details": details}), chunk({}, "stop"))
    assert found.reasoning == "hm"


def test_fragments_of_reasoning_details_become_whole_for_the_echo() -> None:
    def detail(**fields: object) -> JsonObject:
        return {"reasoning_details": [{"type": "reasoning.text", "index": 0, **fields}]}

    encrypted = {"type": "reasoning.encrypted", "data": "abc", "index": 1}
    found = answer(
        chunk(detail(text="h")),
        chunk(detail(text="m", signature="sig")),
        chunk({"reasoning_details": [encrypted]}),
        chunk({}, "stop"),
    )
    whole = {"type": "reasoning.text", "index": 0, "text": "hm", "signature": "sig"}
    data = ProviderData("family", {"reasoning_details": [whole, encrypted]})
    assert found.ended.parts == (Reasoning("hm", data),)


def test_content_may_be_a_list_with_thinking() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    found = answer(
        chunk({"content": [thinking]}),
        chunk({"content": [{"type": "text", "text": "o"}]}),
        chunk({"content": "k"}, "stop"),
    )
    assert (found.reasoning, found.text) == ("hm", "ok")


def test_a_refusal_is_text_and_a_reason() -> None:
    found = answer(chunk({"refusal": "I can't."}), chunk({}, "stop"))
    assert found.text == "I can't."
    assert found.ended.finish_reason == "refusal"


def test_only_the_first_choice_counts() -> None:
    other: JsonObject = {"choices": [{"index": 1, "delta": {"content": "B"}}]}
    assert answer(chunk({"content": "A"}), other, chunk({}, "stop")).text == "A"


def test_chunks_without_choices_carry_usage_or_nothing() -> None:
    usage: JsonObject = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}
    found = answer({"choices": [], "prompt_filter_results": []}, chunk({}, "stop"), usage, DONE)
    assert found.usage == Usage(9, output_tokens=2)


def test_the_last_usage_counts() -> None:
    found = answer(
        chunk({"content": "a"}, usage={"prompt_tokens": 0, "completion_tokens": 0}),
        chunk({}, "stop", usage={"prompt_tokens": 5, "completion_tokens": 1}),
    )
    assert found.usage == Usage(5, output_tokens=1)


@pytest.mark.parametrize(
    ("usage", "wanted"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 30}}, Usage(70, 30, 0, 20)),
        ({"prompt_cache_hit_tokens": 30}, Usage(70, 30, 0, 20)),
        ({"num_cached_tokens": 30}, Usage(70, 30, 0, 20)),
        ({"cached_tokens": 30}, Usage(70, 30, 0, 20)),
        (
            {"prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 10}},
            Usage(60, 30, 10, 20),
        ),
        ({"completion_tokens_details": {"reasoning_tokens": 5}}, Usage(100, 0, 0, 20, 5)),
        (
            {"completion_tokens_details": {"reasoning_tokens": 5}, "total_tokens": 125},
            Usage(100, 0, 0, 25, 5),
        ),
        ({"reasoning_tokens": 50}, Usage(100, 0, 0, 70, 50)),
        ({"prompt_tokens_details": None}, Usage(100, 0, 0, 20)),
    ],
)
def test_usage_is_normalised(usage: JsonObject, wanted: Usage) -> None:
    whole = {"prompt_tokens": 100, "completion_tokens": 20, **usage}
    assert answer(chunk({}, "stop", usage=whole)).usage == wanted


def test_some_providers_count_reasoning_on_top() -> None:
    usage = {
        "prompt_tokens": 1,
        "completion_tokens": 20,
        "completion_tokens_details": {"reasoning_tokens": 5},
    }
    found = feed(parser(reasoning_inside_output=False), chunk({}, "stop", usage=usage))
    assert found.usage == Usage(1, output_tokens=25, reasoning_tokens=5)


@pytest.mark.parametrize(
    ("raw", "finish_reason"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("STOP", "stop"),
        ("length", "length"),
        ("model_length", "length"),
        ("content_filter", "content_filter"),
        ("insufficient_system_resource", "error"),
        ("error", "error"),
    ],
)
def test_finish_reasons(raw: str, finish_reason: FinishReason) -> None:
    ended = answer(chunk({"content": "x"}, raw)).ended
    assert (ended.finish_reason, ended.raw_finish_reason) == (finish_reason, raw)


def test_an_end_marker_alone_is_an_end() -> None:
    ended = answer(chunk({"content": "x"}), DONE).ended
    assert (ended.finish_reason, ended.raw_finish_reason) == ("stop", None)


def test_an_end_marker_without_anything_before_it_is_no_answer() -> None:
    with pytest.raises(ProviderError, match="cut off") as caught:
        answer(chunk({"role": "assistant", "content": ""}), DONE)
    assert caught.value.kind == "network"


def test_without_any_end_the_answer_was_cut() -> None:
    with pytest.raises(ProviderError, match="cut off") as caught:
        answer(chunk({"content": "x"}))
    assert caught.value.kind == "network"


@pytest.mark.parametrize(
    "message",
    [
        {"error": {"message": "broken", "type": "server_error"}},
        {"error": "broken"},
        {"object": "error", "message": "broken"},
        {"detail": "broken"},
        chunk({"content": ""}, "stop", error={"message": "broken", "code": 502}),
    ],
)
def test_an_error_inside_the_stream_is_an_error(message: JsonObject) -> None:
    with pytest.raises(ProviderError, match="broken"):
        answer(chunk({"content": "x"}), message)


def test_an_error_event_is_an_error() -> None:
    with pytest.raises(ProviderError, match="broken"):
        feed(parser(), {"message": "broken"}, name="error")


def test_what_is_no_json_is_an_error() -> None:
    with pytest.raises(ProviderError) as caught:
        answer(b"<html>")
    assert caught.value.kind == "protocol"


def test_an_answer_in_one_piece() -> None:
    message = {
        "role": "assistant",
        "content": "Hi",
        "reasoning_content": "hm",
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f"}}],
    }
    whole = parser()
    events = whole.whole(
        {
            "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 1},
        }
    )
    found = Outcome([*events, *whole.finish()])
    assert (found.text, found.reasoning) == ("Hi", "hm")
    assert found.ready == [ToolCall("c", "f", {})]
    assert found.usage == Usage(3, output_tokens=1)


@pytest.mark.parametrize("body", [{}, {"choices": []}, {"choices": None}])
def test_one_piece_without_choices_is_an_error(body: JsonObject) -> None:
    with pytest.raises(ProviderError, match="no choices"):
        parser().whole(body)


_KEYS = (
    *("choices", "delta", "index", "content", "tool_calls", "function", "name", "arguments"),
    *("id", "usage", "finish_reason", "reasoning_details", "prompt_tokens", "refusal"),
)
_ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.lists(st.dictionaries(st.sampled_from(["choices", "usage", "error"]), _ODD), max_size=4))
def test_no_json_breaks_it(messages: list[JsonObject]) -> None:
    try:
        outcome = feed(parser(), *messages, DONE)
    except ProviderError:
        return
    assert outcome.ended


def test_tags_are_text_unless_the_profile_knows_them() -> None:
    assert answer(chunk({"content": "<think>hm</think>Yes"}, "stop")).ended.parts == (
        Text("<think>hm</think>Yes"),
    )


def test_tags_that_the_profile_knows_are_reasoning() -> None:
    pieces = [chunk({"content": piece}) for piece in ("<th", "ink>h", "m</thi", "nk>\n\n", "Yes")]
    found = feed(parser(think_tags=True), *pieces, DONE)
    assert (found.reasoning, found.text) == ("hm", "Yes")
    data = ProviderData("family", {"field": "<think>"})
    assert found.ended.parts == (Reasoning("hm", data), Text("Yes"))


def test_a_tag_that_never_came_whole_is_text() -> None:
    found = feed(parser(think_tags=True), chunk({"content": "<thi"}, "stop"))
    assert found.text == "<thi"
    assert found.ended.parts == (Text("<thi"),)


def test_opaque_reasoning_of_copilot_is_kept_wherever_it_comes() -> None:
    found = answer(
        chunk({"reasoning_text": "hm"}),
        chunk({"content": "", "reasoning_opaque": "first"}),
        chunk({**fragment("{}", id="a", name="ls"), "reasoning_opaque": "last"}),
        DONE,
    )
    data = ProviderData("family", {"field": "reasoning_text", "reasoning_opaque": "last"})
    assert found.ended.parts[0] == Reasoning("hm", data)


def test_reasoning_and_its_details_in_one_chunk_are_said_once() -> None:
    details = [{"type": "reasoning.text", "text": "hm"}]
    delta: JsonObject = {"reasoning": "hm", "reasoning_content": "hm", "reasoning_details": details}
    assert answer(chunk(delta, "stop")).reasoning == "hm"


def test_thinking_parts_may_hold_plain_text() -> None:
    parts = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Yes"}]
    found = answer(chunk({"content": parts}, "stop"))
    assert (found.reasoning, found.text) == ("hm", "Yes")


def test_a_filtered_answer_runs_no_calls() -> None:
    found = answer(chunk(fragment("{}", index=0, id="a", name="ls")), chunk({}, "content_filter"))
    assert (found.ended.finish_reason, found.ready) == ("content_filter", [])
