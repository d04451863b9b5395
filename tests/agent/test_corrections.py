"""Calls that cannot be read: told what was wrong, twice in a row at most."""

from __future__ import annotations

import json

import pytest

from koi.agent.corrections import QUOTED, SEE_FIRST, correction
from koi.core.agent_events import ToolFinished, TurnFailed, TurnFinished
from koi.core.messages import ToolCall
from tests.agent.conftest import MakeBench, answer

BROKEN = ToolCall("1", "look", None, '{"tag": ')
SOUND = ToolCall("2", "look", {"tag": "x"})


def named(call: ToolCall, number: int) -> ToolCall:
    return ToolCall(str(number), call.name, call.arguments, call.arguments_raw)


async def test_sound_calls_run_beside_a_broken_one(make_bench: MakeBench) -> None:
    bench = make_bench(answer("", BROKEN, SOUND), answer("done"))
    events = await bench.prompt("go")
    finished = {event.call_id: event for event in events if isinstance(event, ToolFinished)}
    assert finished["2"].ok
    assert finished["1"].content.startswith("Not run: the arguments are not a JSON object")
    assert bench.log == ["begin look:x", "end look:x"]


async def test_one_of_several_broken_calls_is_explained(make_bench: MakeBench) -> None:
    calls = [named(BROKEN, number) for number in range(3)]
    bench = make_bench(answer("", *calls), answer("done"))
    events = await bench.prompt("go")
    said = [event.content for event in events if isinstance(event, ToolFinished)]
    assert sum(content == SEE_FIRST for content in said) == 2
    assert len(said) == 3


async def test_the_third_time_in_a_row_ends_the_turn(make_bench: MakeBench) -> None:
    bench = make_bench(*[answer("", named(BROKEN, number)) for number in range(3)])
    events = await bench.prompt("go")
    end = events[-1]
    assert isinstance(end, TurnFailed)
    assert (end.error.kind, end.error.model) == ("protocol", "one")
    assert len(bench.provider.requests) == 3
    assert len([event for event in events if isinstance(event, ToolFinished)]) == 3


async def test_a_sound_answer_between_counts(make_bench: MakeBench) -> None:
    answers = [answer("", named(BROKEN, 1)), answer("", named(BROKEN, 2))]
    answers += [answer("", named(SOUND, 3)), answer("", named(BROKEN, 4)), answer("done")]
    bench = make_bench(*answers)
    assert isinstance((await bench.prompt("go"))[-1], TurnFinished)


async def test_the_next_turn_begins_anew(make_bench: MakeBench) -> None:
    answers = [answer("", named(BROKEN, number)) for number in range(4)]
    bench = make_bench(*answers, answer("done"))
    assert isinstance((await bench.prompt("go"))[-1], TurnFailed)
    assert isinstance((await bench.prompt("again"))[-1], TurnFinished)


RAW = ['<tool_call>{"name": "look"', "<tool_call>x", '<tool_call>{"a": 1}']


@pytest.mark.parametrize("raw", RAW)
def test_a_prompted_call_is_shown_its_form(raw: str) -> None:
    told = correction(ToolCall("1", "look", None, raw), "prompt")
    assert '<tool_call>\n{"name": "TOOL", "arguments": {…}}\n</tool_call>' in told
    assert raw not in told


def test_a_quotation_is_called_one() -> None:
    assert correction(ToolCall("1", "look", None, json.dumps({"a": 1})), "prompt") == QUOTED
