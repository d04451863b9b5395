"""Responses to events: the normal form, and the habits of servers that speak it."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ErrorKind, ProviderError
from koi.core.messages import JsonObject, Opaque, ProviderData, Reasoning, Text, ToolCall
from koi.core.provider_events import FinishReason, ToolCallDelta, ToolCallStarted
from koi.core.usage import Usage
from koi.net.framing import StreamEvent
from koi.net.sse import SseDecoder
from koi.providers.wire.openai_responses.parse import ResponsesParser
from koi.providers.wire.request import WireOptions
from tests.providers.wire.streams import Outcome, feed

DONE = b"[DONE]"


def parser() -> ResponsesParser:
    return ResponsesParser(WireOptions("family"))


def answer(*messages: JsonObject | bytes) -> Outcome:
    return feed(parser(), *messages)


def whole(**response: object) -> Outcome:
    reading = parser()
    events = reading.whole({"status": "completed", **response})
    return Outcome([*events, *reading.finish()])


def added(index: object, **item: object) -> JsonObject:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def finished(index: object, **item: object) -> JsonObject:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def delta(kind: str, said: str, index: object = 0, **more: object) -> JsonObject:
    return {"type": f"response.{kind}.delta", "delta": said, "output_index": index, **more}


def completed(*output: JsonObject, **response: object) -> JsonObject:
    described = {"status": "completed", "model": "gpt-x", "output": list(output), **response}
    return {"type": "response.completed", "response": described}


def incomplete(reason: str, *output: JsonObject) -> JsonObject:
    return completed(*output, status="incomplete", incomplete_details={"reason": reason}) | {
        "type": "response.incomplete"
    }


def message(*said: str, **more: object) -> JsonObject:
    content = [{"type": "output_text", "text": text} for text in said]
    return {"type": "message", "role": "assistant", "content": content, **more}


def call(identity: str, name: str, arguments: str, **more: object) -> JsonObject:
    named = {"call_id": identity, "name": name, "arguments": arguments}
    return {"type": "function_call", **named, **more}


SEARCH: JsonObject = {
    "type": "web_search_call",
    "id": "ws_1",
    "status": "completed",
    "action": {"type": "search"},
}


def text_item(index: object, *deltas: str, **more: object) -> list[JsonObject]:
    return [
        added(index, **message()),
        *[delta("output_text", said, index) for said in deltas],
        finished(index, **message("".join(deltas), **more)),
    ]


def test_text_in_deltas() -> None:
    found = answer(
        {"type": "response.created", "response": {"status": "in_progress", "output": []}},
        *text_item(0, "Hel", "lo"),
        completed(message("Hello")),
    )
    assert found.text == "Hello"
    assert found.ended.parts == (Text("Hello"),)
    assert (found.ended.finish_reason, found.ended.raw_finish_reason) == ("stop", "completed")
    assert found.ended.model == "gpt-x"


def test_the_last_event_may_hold_nothing() -> None:
    assert answer(*text_item(0, "Hello"), completed()).ended.parts == (Text("Hello"),)


def test_the_last_event_may_hold_everything() -> None:
    found = answer(completed(message("Hello"), call("c", "ls", "{}")))
    assert (found.text, found.ready) == ("Hello", [ToolCall("c", "ls", {})])


def test_an_item_may_come_without_deltas() -> None:
    assert answer(finished(0, **message("Hello")), completed()).text == "Hello"


def test_deltas_may_come_without_an_item() -> None:
    found = answer(delta("output_text", "Hel"), delta("output_text", "lo"), completed())
    assert found.ended.parts == (Text("Hello"),)
    assert answer(delta("output_text", "Hello"), completed(message("Hello"))).text == "Hello"


def test_what_the_deltas_left_out_is_added() -> None:
    found = answer(delta("output_text", "Hel"), finished(0, **message("Hello")), completed())
    assert found.text == "Hello"


def test_the_end_marker_of_chat_may_follow() -> None:
    assert answer(*text_item(0, "Hello"), completed(), DONE).text == "Hello"


def test_the_type_may_be_the_name_of_the_event() -> None:
    reading = parser()
    said = reading.feed(
        StreamEvent("response.output_text.delta", b'{"delta":"Hello","output_index":0}')
    )
    ended = {"response": {"status": "completed", "output": []}}
    reading.feed(StreamEvent("response.completed", msgspec.json.encode(ended)))
    assert Outcome([*said, *reading.finish()]).text == "Hello"


def test_several_messages_keep_their_phases() -> None:
    found = answer(
        *text_item(0, "Looking.", phase="commentary"),
        *text_item(1, "Found.", phase="final_answer"),
        completed(),
    )
    assert found.ended.parts == (
        Text("Looking.", ProviderData("family", {"phase": "commentary"})),
        Text("Found.", ProviderData("family", {"phase": "final_answer"})),
    )


def test_a_call_in_fragments() -> None:
    found = answer(
        added(0, **call("c1", "read", "", id="fc_1")),
        delta("function_call_arguments", '{"path":', item_id="fc_1"),
        delta("function_call_arguments", '"a"}', item_id="fc_1"),
        finished(0, **call("c1", "read", '{"path":"a"}', id="fc_1", status="completed")),
        completed(),
    )
    assert found.events[:3] == [
        ToolCallStarted("c1", "read"),
        ToolCallDelta("c1", '{"path":'),
        ToolCallDelta("c1", '"a"}'),
    ]
    assert found.ready == [ToolCall("c1", "read", {"path": "a"})]
    assert found.ended.finish_reason == "tool_calls"


def test_arguments_may_be_told_once_only() -> None:
    found = answer(
        added(0, **call("c1", "read", "")),
        {
            "type": "response.function_call_arguments.done",
            "output_index": 0,
            "arguments": '{"path":"a"}',
        },
        completed(),
    )
    assert found.ready == [ToolCall("c1", "read", {"path": "a"})]


def interleaved(*places: tuple[object, str]) -> list[JsonObject]:
    """Two calls whose deltas take turns; each place is an output_index and an item id."""
    calls = [call("c1", "first", '{"a":1}'), call("c2", "second", '{"b":2}')]
    events = [
        added(place[0], **item, id=place[1]) for place, item in zip(places, calls, strict=True)
    ]
    for cut in (slice(None, 3), slice(3, None)):
        for (index, identity), item in zip(places, calls, strict=True):
            piece = str(item["arguments"])[cut]
            events.append(delta("function_call_arguments", piece, index, item_id=identity))
    return [*events, completed()]


@pytest.mark.parametrize(
    "places",
    [
        ((0, "fc_1"), (1, "fc_2")),
        ((0, "same"), (1, "same")),
        ((0, "fc_1"), (0, "fc_2")),
        ((None, "fc_1"), (None, "fc_2")),
    ],
    ids=["indexes and ids", "indexes only", "ids only", "no indexes"],
)
def test_deltas_find_their_call(places: tuple[tuple[object, str], tuple[object, str]]) -> None:
    events = interleaved(*places)
    for event in events:
        if event.get("output_index") is None:
            event.pop("output_index", None)
    assert answer(*events).ready == [
        ToolCall("c1", "first", {"a": 1}),
        ToolCall("c2", "second", {"b": 2}),
    ]


def test_item_ids_may_change_with_every_event() -> None:
    thought = {"type": "reasoning", "summary": [], "encrypted_content": "enc"}
    found = answer(
        added(0, **thought, id="a"),
        finished(0, **thought, id="b"),
        added(1, **message(), id="c"),
        delta("output_text", "Hel", 1, item_id="d"),
        delta("output_text", "lo", 1, item_id="e"),
        finished(1, **message("Hello"), id="f"),
        completed(),
    )
    # An id that changes names nothing: it is not sent back.
    data = ProviderData("family", thought)  # type: ignore[arg-type]
    assert found.ended.parts == (Reasoning("", data), Text("Hello"))


def test_an_item_may_be_closed_twice() -> None:
    said = text_item(0, "Hello")
    assert answer(*said, said[-1], completed(message("Hello"))).text == "Hello"


def test_items_of_different_kinds_may_share_an_index() -> None:
    found = answer(
        added(0, **message()),
        added(0, **call("c", "ls", "")),
        delta("output_text", "Hello"),
        delta("function_call_arguments", "{}"),
        finished(0, **call("c", "ls", "{}")),
        finished(0, **message("Hello")),
        completed(),
    )
    assert (found.text, found.ready) == ("Hello", [ToolCall("c", "ls", {})])


def test_two_calls_never_share_an_id() -> None:
    found = answer(completed(call("c", "one", "{}"), call("c", "two", "{}"), call("", "three", "")))
    ids = [made.id for made in found.ready]
    assert ids[0] == "c"
    assert len(set(ids)) == 3
    assert all(ids)


def test_arguments_may_be_an_object() -> None:
    item = call("c", "read", "") | {"arguments": {"path": "a"}}
    assert answer(completed(item)).ready == [ToolCall("c", "read", {"path": "a"})]


def test_custom_calls_have_free_text() -> None:
    item = {"type": "custom_tool_call", "call_id": "c", "name": "sql"}
    found = answer(
        added(0, **item, input=""),
        delta("custom_tool_call_input", "SELECT "),
        delta("custom_tool_call_input", "1"),
        finished(0, **item, input="SELECT 1"),
        completed(),
    )
    data = ProviderData("family", {"type": "custom_tool_call"})
    assert found.ready == [ToolCall("c", "sql", {"input": "SELECT 1"}, provider_data=data)]


@pytest.mark.parametrize("raw", ['{"x":48', "", "{}"])
def test_a_call_that_the_limit_cut_is_never_run(raw: str) -> None:
    item = call("c", "add", raw, status="incomplete")
    found = answer(finished(0, **item), incomplete("max_output_tokens", item))
    assert found.ready == []
    assert found.ended.finish_reason == "length"
    assert [made.arguments for made in found.calls] == [{} if raw == "{}" else None]


def test_an_incomplete_call_of_a_complete_answer_is_never_run() -> None:
    (made,) = answer(completed(call("c", "add", "{}", status="incomplete"))).calls
    assert (made.arguments, made.arguments_raw) == (None, "{}")


def test_a_custom_call_that_was_cut_has_no_arguments() -> None:
    item: JsonObject = {"type": "custom_tool_call", "call_id": "c", "name": "sql", "input": "SEL"}
    (made,) = answer(incomplete("max_output_tokens", item)).calls
    assert (made.arguments, made.arguments_raw) == (None, "SEL")


@pytest.mark.parametrize("arguments", ['{"a":', "[1]", '"text"', "nonsense"])
def test_arguments_that_are_no_object_are_kept_as_they_came(arguments: str) -> None:
    found = answer(completed(call("c", "add", arguments)))
    assert found.ready == [ToolCall("c", "add", None, arguments)]


def test_summaries_are_paragraphs() -> None:
    item = {"type": "reasoning", "id": "rs_1"}
    said = [{"type": "summary_text", "text": text} for text in ("one", "two")]
    found = answer(
        added(0, **item, summary=[]),
        {"type": "response.reasoning_summary_part.added", "output_index": 0, "summary_index": 0},
        delta("reasoning_summary_text", "on", summary_index=0),
        delta("reasoning_summary_text", "e", summary_index=0),
        {"type": "response.reasoning_summary_part.added", "output_index": 0, "summary_index": 1},
        delta("reasoning_summary_text", "two", summary_index=1),
        finished(0, **item, summary=said, encrypted_content="enc", status="completed"),
        finished(1, type="reasoning", summary=[{"type": "summary_text", "text": "three"}]),
        completed(),
    )
    assert found.reasoning == "one\n\ntwo\n\nthree"
    echo = {**item, "summary": said, "encrypted_content": "enc"}
    assert found.ended.parts == (
        Reasoning("one\n\ntwo", ProviderData("family", echo)),  # type: ignore[arg-type]
        Reasoning("three"),
    )


def test_raw_reasoning_may_count_its_deltas() -> None:
    found = answer(
        added(0, type="reasoning", summary=[]),
        {"type": "response.reasoning_part.added", "output_index": 0, "content_index": 0},
        delta("reasoning_text", "one ", content_index=0),
        delta("reasoning_text", "thought", content_index=1),
        finished(0, type="reasoning", content=[{"type": "reasoning_text", "text": "one thought"}]),
        completed(),
    )
    assert found.reasoning == "one thought"


def test_the_same_thought_in_two_channels_is_told_once() -> None:
    said = {
        "summary": [{"type": "summary_text", "text": "hm"}],
        "content": [{"type": "reasoning_text", "text": "hm"}],
    }
    found = answer(
        added(0, type="reasoning"),
        delta("reasoning_text", "hm"),
        delta("reasoning_summary_text", "hm"),
        finished(0, type="reasoning", **said),
        completed(),
    )
    assert found.reasoning == "hm"
    assert whole(output=[{"type": "reasoning", **said}]).reasoning == "hm"


def test_raw_reasoning_goes_back_and_a_summary_alone_does_not() -> None:
    content = [{"type": "reasoning_text", "text": "hm"}]
    raw = whole(output=[{"type": "reasoning", "id": "r", "content": content, "status": "done"}])
    echo = {"type": "reasoning", "id": "r", "content": content, "summary": []}
    assert raw.ended.parts == (Reasoning("hm", ProviderData("family", echo)),)  # type: ignore[arg-type]
    summary = [{"type": "summary_text", "text": "hm"}]
    alone = whole(output=[{"type": "reasoning", "id": "r", "summary": summary}])
    assert alone.ended.parts == (Reasoning("hm"),)


def test_a_refusal_is_text_and_a_reason() -> None:
    content = [{"type": "refusal", "refusal": "I can't."}]
    streamed = answer(
        added(0, **message()),
        delta("refusal", "I "),
        delta("refusal", "can't."),
        finished(0, **message() | {"content": content}),
        completed(),
    )
    for found in (streamed, whole(output=[message() | {"content": content}])):
        assert found.text == "I can't."
        assert found.ended.finish_reason == "refusal"


def test_items_of_the_server_are_kept_as_they_are() -> None:
    found = answer(
        added(0, type="web_search_call", id="ws_1", status="in_progress"),
        {"type": "response.web_search_call.searching", "output_index": 0},
        finished(0, **SEARCH),
        *text_item(1, "Found."),
        completed(SEARCH, message("Found.")),
    )
    opaque = Opaque(ProviderData("family", SEARCH))
    assert found.ended.parts == (opaque, Text("Found."))


@pytest.mark.parametrize(
    ("reason", "finish_reason"),
    [("max_output_tokens", "length"), ("content_filter", "content_filter"), ("new", "length")],
)
def test_incomplete_answers(reason: str, finish_reason: FinishReason) -> None:
    ended = answer(*text_item(0, "Hello"), incomplete(reason)).ended
    assert (ended.finish_reason, ended.raw_finish_reason) == (finish_reason, "incomplete")


@pytest.mark.parametrize(
    ("status", "finish_reason"), [("cancelled", "cancelled"), ("failed", "error")]
)
def test_other_ends(status: str, finish_reason: FinishReason) -> None:
    ended = answer(*text_item(0, "Hello"), completed(status=status)).ended
    assert (ended.finish_reason, ended.raw_finish_reason) == (finish_reason, status)


@pytest.mark.parametrize(
    ("usage", "wanted"),
    [
        ({"input_tokens": 100, "output_tokens": 20}, Usage(100, 0, 0, 20)),
        (
            {
                "input_tokens": 100,
                "input_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 10},
                "output_tokens": 20,
                "output_tokens_details": {"reasoning_tokens": 5},
            },
            Usage(60, 30, 10, 20, 5),
        ),
        ({"input_tokens": 1, "input_tokens_details": None, "output_tokens": None}, Usage(1)),
    ],
)
def test_usage_is_normalised(usage: JsonObject, wanted: Usage) -> None:
    assert answer(completed(usage=usage)).usage == wanted


def test_no_usage_is_no_usage() -> None:
    assert answer(completed(usage=None)).usage is None


def test_without_its_last_event_an_answer_was_cut() -> None:
    for last in ([], [DONE]):
        with pytest.raises(ProviderError, match="cut off") as caught:
            answer(*text_item(0, "Hello"), *last)
        assert caught.value.kind == "network"


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"type": "error", "code": "server_error", "message": "broken"}, "overloaded"),
        (
            {"type": "error", "error": {"code": "insufficient_quota", "message": "broken"}},
            "billing",
        ),
        ({"error": {"message": "broken", "code": "rate_limit_exceeded"}}, "rate_limit"),
        (
            completed(status="failed", error={"code": "server_error", "message": "broken"})
            | {"type": "response.failed"},
            "overloaded",
        ),
        (
            completed(
                status="failed", error={"code": "context_length_exceeded", "message": "broken"}
            )
            | {"type": "response.failed"},
            "context_overflow",
        ),
    ],
)
def test_an_error_inside_the_stream_is_an_error(event: JsonObject, kind: ErrorKind) -> None:
    with pytest.raises(ProviderError, match="broken") as caught:
        answer(*text_item(0, "Hello"), event)
    assert (caught.value.kind, caught.value.status) == (kind, 200)


def test_an_error_event_without_a_type_is_an_error() -> None:
    with pytest.raises(ProviderError, match="broken"):
        feed(parser(), {"message": "broken"}, name="error")


def test_a_limit_inside_the_stream_says_how_long_it_lasts() -> None:
    error = {"type": "usage_limit_reached", "message": "broken", "resets_in_seconds": 90}
    with pytest.raises(ProviderError) as caught:
        answer(completed(status="failed", error=error))
    assert (caught.value.kind, caught.value.retry_after_s) == ("rate_limit", 90)


def test_an_answer_in_one_piece() -> None:
    found = whole(
        model="m",
        output=[
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
            message("Hi"),
            call("c", "f", ""),
        ],
        usage={"input_tokens": 3, "output_tokens": 1},
    )
    assert (found.text, found.reasoning) == ("Hi", "hm")
    assert found.ready == [ToolCall("c", "f", {})]
    assert (found.usage, found.ended.model) == (Usage(3, output_tokens=1), "m")


@pytest.mark.parametrize("body", [{}, {"output": None}, {"status": "completed"}])
def test_one_piece_without_output_is_an_error(body: JsonObject) -> None:
    with pytest.raises(ProviderError, match="no output"):
        parser().whole(body)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "broken"}},
        {"detail": "broken"},
        {"status": "failed", "output": [], "error": {"code": "x", "message": "broken"}},
    ],
)
def test_one_piece_may_be_an_error(body: JsonObject) -> None:
    with pytest.raises(ProviderError, match="broken"):
        parser().whole(body)


def test_an_answer_that_is_still_made_is_not_an_answer() -> None:
    with pytest.raises(ProviderError, match="cut off"):
        parser().whole({"status": "in_progress", "output": []})


_TYPES = st.sampled_from(
    [
        *("message", "reasoning", "function_call", "custom_tool_call", "web_search_call"),
        *("response.created", "response.output_item.added", "response.output_item.done"),
        *("response.output_text.delta", "response.refusal.delta", "response.content_part.added"),
        *("response.function_call_arguments.delta", "response.function_call_arguments.done"),
        *("response.custom_tool_call_input.delta", "response.reasoning_text.delta"),
        *("response.reasoning_summary_text.delta", "response.reasoning_summary_part.added"),
        *("response.completed", "response.incomplete", "response.failed", "error", ""),
    ]
)
_KEYS = st.sampled_from(
    [
        *("type", "item", "item_id", "output_index", "summary_index", "content_index", "delta"),
        *("response", "output", "content", "summary", "text", "refusal", "id", "call_id", "name"),
        *("arguments", "input", "status", "error", "usage", "input_tokens", "encrypted_content"),
        *("incomplete_details", "reason", "model", "phase", "message", "part"),
    ]
)
_ODD = st.recursive(
    _TYPES | st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=20,
)
_MESSAGES = st.lists(
    st.builds(
        lambda kind, item, fields: {"item": item, **fields, "type": kind},
        _TYPES,
        st.dictionaries(_KEYS, _ODD, max_size=5),
        st.dictionaries(_KEYS, _ODD, max_size=5),
    ),
    max_size=8,
)


@given(_MESSAGES)
def test_no_json_breaks_it(messages: list[JsonObject]) -> None:
    try:
        outcome = answer(*messages, completed())
    except ProviderError:
        return
    assert outcome.ended


@given(st.dictionaries(_KEYS, _ODD, max_size=6))
def test_no_whole_json_breaks_it(body: JsonObject) -> None:
    reading = parser()
    try:
        reading.whole(body)
        assert reading.finish()
    except ProviderError:
        return


@given(st.integers(0, 2**32))
def test_the_network_may_cut_it_anywhere(seed: int) -> None:
    messages = [
        finished(0, type="reasoning", summary=[{"type": "summary_text", "text": "grün…"}]),
        *text_item(1, "Täg", "lich 🐟"),
        *interleaved((2, "a"), (3, "b")),
    ]
    body = b"".join(b"data: " + msgspec.json.encode(one) + b"\n\n" for one in messages)
    chance, decoder, reading, position = random.Random(seed), SseDecoder(), parser(), 0
    events = []
    while position < len(body):
        size = chance.randint(1, 40)
        for event in decoder.feed(body[position : position + size]):
            events.extend(reading.feed(event))
        position += size
    assert [*events, *reading.finish()] == answer(*messages).events


def test_an_answer_of_endless_items_ends() -> None:
    reading = parser()
    with pytest.raises(ProviderError, match="more than 2000 items"):
        feed(reading, *(added(index, type="message", id=str(index)) for index in range(2001)))
