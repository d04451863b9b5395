"""What koi makes of the events that a plugin finds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject, ProviderData, Reasoning, Text, ToolCall
from koi.core.provider_events import (
    ProviderEvent,
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallDelta,
    ToolCallReady,
    ToolCallStarted,
    UsageReported,
)
from koi.core.usage import Usage
from koi.net.framing import StreamEvent
from koi.providers.wasm import answers
from koi.providers.wasm.answers import PluginParser
from koi.providers.wasm.sandbox import Sandbox
from koi.providers.wire.request import WireOptions
from tests.providers.wasm.modules import install, module

OPTIONS = WireOptions("mine/some")
SOMETHING = StreamEvent("", b"{}")
ENDED: JsonObject = {"type": "ended", "finish_reason": "stop"}


def parser(folder: Path, *events: JsonObject) -> PluginParser:
    """The parser of a plugin that finds these events in everything."""
    return answering(folder, json.dumps({"events": events}))


def answering(folder: Path, answer: str | bytes) -> PluginParser:
    return PluginParser(Sandbox(install(folder, module(parse=answer))), OPTIONS)


def finished(folder: Path, *events: JsonObject) -> list[ProviderEvent]:
    reading = parser(folder, *events)
    return [*reading.feed(SOMETHING), *reading.finish()]


def test_text_thinking_call_usage_and_end(tmp_path: Path) -> None:
    found = finished(
        tmp_path,
        {"type": "reasoning", "text": "Let me "},
        {"type": "reasoning", "text": "see."},
        {"type": "reasoning", "data": {"signature": "abc"}},
        {"type": "text", "text": "I "},
        {"type": "text", "text": "look."},
        {"type": "tool_call", "index": 0, "id": "c1", "name": "ls", "arguments": '{"pa'},
        {"type": "tool_call", "index": 0, "arguments": 'th": "."}'},
        {"type": "tool_call", "index": 1, "name": "pwd", "arguments": {"deep": [1]}},
        {"type": "usage", "input_tokens": 1},
        {"type": "usage", "input_tokens": 12, "cache_read_tokens": 3, "output_tokens": 5},
        {"type": "ended", "finish_reason": "tool_calls", "raw": "TOOLS", "model": "m-1"},
    )
    first = ToolCall("c1", "ls", {"path": "."})
    second = found[-3]
    assert isinstance(second, ToolCallReady)
    assert second.call.arguments == {"deep": [1]}
    identity = second.call.id
    assert found == [
        ReasoningDelta("Let me "),
        ReasoningDelta("see."),
        TextDelta("I "),
        TextDelta("look."),
        ToolCallStarted("c1", "ls"),
        ToolCallDelta("c1", '{"pa'),
        ToolCallDelta("c1", 'th": "."}'),
        ToolCallStarted(identity, "pwd"),
        ToolCallDelta(identity, '{"deep":[1]}'),
        ToolCallReady(first),
        second,
        UsageReported(Usage(12, cache_read_tokens=3, output_tokens=5)),
        StreamEnded(
            "tool_calls",
            "TOOLS",
            (
                Reasoning("Let me see.", ProviderData("mine/some", {"signature": "abc"})),
                Text("I look."),
                first,
                second.call,
            ),
            "m-1",
        ),
    ]


@pytest.mark.parametrize(
    ("said", "calls", "reason"),
    [
        ("stop", False, "stop"),
        ("stop", True, "tool_calls"),
        ("tool_calls", False, "stop"),
        ("length", True, "length"),
        ("refusal", False, "refusal"),
        ("error", False, "error"),
    ],
)
def test_the_end_fits_what_came_before(tmp_path: Path, said: str, calls: bool, reason: str) -> None:
    call: JsonObject = {"type": "tool_call", "index": 0, "name": "ls", "arguments": '{"a'}
    events = finished(
        tmp_path, *([call] if calls else []), {"type": "ended", "finish_reason": said}
    )
    assert isinstance(events[-1], StreamEnded)
    assert events[-1].finish_reason == reason
    ready = [event for event in events if isinstance(event, ToolCallReady)]
    assert len(ready) == (reason == "tool_calls")


def test_calls_with_the_same_id_are_told_apart(tmp_path: Path) -> None:
    calls: list[JsonObject] = [
        {"type": "tool_call", "index": index, "id": "same", "name": "ls"} for index in range(3)
    ]
    started = [
        event.id for event in finished(tmp_path, *calls, ENDED)
        if isinstance(event, ToolCallStarted)
    ]  # fmt: skip
    assert started[0] == "same"
    assert len(set(started)) == 3


def test_without_an_end_the_answer_was_cut(tmp_path: Path) -> None:
    reading = parser(tmp_path, {"type": "text", "text": "Some"})
    reading.feed(SOMETHING)
    assert not reading.done
    with pytest.raises(ProviderError, match="cut off") as raised:
        reading.finish()
    assert raised.value.kind == "network"


def test_after_the_end_nothing_is_asked_any_more(tmp_path: Path) -> None:
    reading = parser(tmp_path, ENDED)
    reading.feed(SOMETHING)
    assert reading.done
    assert reading.feed(SOMETHING) == []
    assert isinstance(reading.finish()[-1], StreamEnded)


@pytest.mark.parametrize("late", [ENDED, {"type": "text", "text": "more"}, {"type": "usage"}])
def test_an_event_after_the_end_is_an_error(tmp_path: Path, late: JsonObject) -> None:
    with pytest.raises(ProviderError, match="something came after its end"):
        parser(tmp_path, ENDED, late).feed(SOMETHING)


def test_an_endless_row_of_ends_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="something came after its end"):
        parser(tmp_path, *[ENDED] * 4000).feed(SOMETHING)


WRONG = [
    ("", "is not JSON"),
    ("{}", "missing required field `events`"),
    ("[]", "Expected `object`, got `array`"),
    ('{"events": {}}', "Expected `array`, got `object` - at `$.events`"),
    ('{"events": [], "done": true}', "unknown field `done`"),
    ('{"events": [7]}', "Expected `object`, got `int` - at `$.events[0]`"),
    ('{"events": [{}]}', "missing required field `type`"),
    ('{"events": [{"type": "shell", "command": "id"}]}', "Invalid value 'shell'"),
    ('{"events": [{"type": "text", "text": 7}]}', "at `$.events[0].text`"),
    ('{"events": [{"type": "text", "text": null}]}', "at `$.events[0].text`"),
    ('{"events": [{"type": "text", "text": "a", "html": "b"}]}', "unknown field `html`"),
    ('{"events": [{"type": "text", "text": "\\ud800"}]}', "is not JSON"),
    ('{"events": [{"type": "reasoning", "data": []}]}', "at `$.events[0].data`"),
    ('{"events": [{"type": "tool_call", "name": "a"}]}', "missing required field `index`"),
    ('{"events": [{"type": "tool_call", "index": -1, "name": "a"}]}', "at `$.events[0].index`"),
    ('{"events": [{"type": "tool_call", "index": 256, "name": "a"}]}', "at `$.events[0].index`"),
    ('{"events": [{"type": "tool_call", "index": 0}]}', "tool_call 0 begins without a name"),
    ('{"events": [{"type": "usage", "input_tokens": -1}]}', "at `$.events[0].input_tokens`"),
    ('{"events": [{"type": "usage", "input_tokens": 1e300}]}', "at `$.events[0].input_tokens`"),
    ('{"events": [{"type": "usage", "input_tokens": 1.5}]}', "at `$.events[0].input_tokens`"),
    ('{"events": [{"type": "usage", "input_tokens": NaN}]}', "is not JSON"),
    ('{"events": [{"type": "usage", "input_tokens": true}]}', "at `$.events[0].input_tokens`"),
    ('{"events": [{"type": "ended"}]}', "missing required field `finish_reason`"),
    ('{"events": [{"type": "ended", "finish_reason": "DONE"}]}', "Invalid enum value 'DONE'"),
    ('{"events": [' + "[" * 5000 + "]" * 5000 + "]}", ""),
    ("[" * 100_000, ""),
]


@pytest.mark.parametrize(("answer", "problem"), WRONG)
def test_events_of_wrong_types_are_errors_that_say_where(
    tmp_path: Path, answer: str, problem: str
) -> None:
    with pytest.raises(ProviderError) as raised:
        answering(tmp_path, answer).feed(SOMETHING)
    assert raised.value.kind == "protocol"
    assert raised.value.title.startswith("The plugin Test plugin failed: parse_event: ")
    assert problem in raised.value.title


def test_an_error_of_the_provider_is_told_in_its_words(tmp_path: Path) -> None:
    error: JsonObject = {"type": "error", "kind": "rate_limit", "message": "Slow down " * 1000}
    with pytest.raises(ProviderError, match=r"^Slow down") as raised:
        parser(tmp_path, error).feed(SOMETHING)
    assert raised.value.kind == "rate_limit"
    assert len(raised.value.title) == 2000


def feed_often(reading: PluginParser, times: int) -> None:
    for _ in range(times):
        reading.feed(SOMETHING)


def test_a_plugin_cannot_write_without_end(tmp_path: Path) -> None:
    large = json.dumps({"events": [{"type": "text", "text": "x" * 900_000}]})
    memory = '(memory (export "memory") 64)'
    content = module(parse=large, memory=memory, alloc_code="i32.const 4000000")
    reading = PluginParser(Sandbox(install(tmp_path, content)), OPTIONS)
    with pytest.raises(ProviderError, match="wrote more than 64 MiB about one answer"):
        feed_often(reading, answers.MAX_ANSWER // 900_000 + 1)


def test_a_whole_answer_is_marked_as_one(tmp_path: Path) -> None:
    # Hands back what it was given, so that the error quotes the field that it does not know.
    echo = """(i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32))
      (i64.extend_i32_u (local.get 1)))"""
    sandbox = Sandbox(install(tmp_path, module(parse_code=echo)))
    instance = sandbox.open()
    assert instance.call("parse_event", b'{"a":1}') == b'{"a":1}'
    with pytest.raises(ProviderError, match="unknown field `name`"):
        PluginParser(sandbox, OPTIONS).whole({"id": 1})


EVENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["type", "text", "index", "name", "events", "arguments", "data"]),
        inner | st.sampled_from(["text", "tool_call", "usage", "ended", "reasoning", "stop"]),
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS)
def test_whatever_a_plugin_writes_it_is_events_or_a_named_error(
    tmp_path: Path, answer: object
) -> None:
    reading = answering(tmp_path, json.dumps({"events": answer}))
    kind = ""
    try:
        assert isinstance(reading.feed(SOMETHING), list)
        reading.finish()
    except ProviderError as error:
        kind = error.kind
    assert kind in ("", "protocol", "network")
