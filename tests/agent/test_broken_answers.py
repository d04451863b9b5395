"""Answers that break off: what is asked again, what stands, what runs, and what is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from koi.core.agent_events import (
    AgentEvent,
    CostChanged,
    RequestStarted,
    Retrying,
    Streamed,
    ToolStarted,
    TurnFailed,
    TurnFinished,
)
from koi.core.errors import ProviderError
from koi.core.messages import Message, ModelRequest, Part, Reasoning, Text, ToolCall, ToolResult
from koi.core.provider_events import (
    ProviderEvent,
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallDelta,
    ToolCallReady,
    ToolCallStarted,
)
from koi.core.request_events import AttemptEnded
from koi.core.sending import note_left
from koi.store.conversation import branch, conversation
from koi.store.journal import Journal
from koi.store.ledger import read_ledger
from koi.store.records import AssistantRecord, UsageRecord
from tests.agent.conftest import Bench, MakeBench, ScriptedProvider, Step, answer

LOOK = ToolCall("1", "look", {"tag": "a"})
LATER = ToolCall("2", "look", {"tag": "b"})
KEPT: tuple[Part, ...] = (Text("I look."), LOOK)


def broken(*kept: Part, began: bool = True) -> ProviderError:
    error = ProviderError("cut", kind="network")
    error.answer_began = began
    error.kept = kept
    return error


def of_kind(events: list[AgentEvent], kind: type[AgentEvent]) -> list[AgentEvent]:
    return [event for event in events if isinstance(event, kind)]


def actions(events: list[AgentEvent]) -> list[str]:
    return [event.action for event in events if isinstance(event, AttemptEnded)]


def resumed(bench: Bench) -> tuple[Message, ...]:
    """The conversation as it is in the journal."""
    entries = Journal.open(bench.journal_path(), read_only=True).contents.entries
    return conversation(branch(entries))


async def test_nothing_is_lost_or_shown_when_it_breaks_before_the_first_word(
    make_bench: MakeBench,
) -> None:
    bench = make_bench([broken(began=False)], answer("Hello"))
    events = await bench.prompt("hi")
    assert actions(events) == ["retry", "done"]
    assert bench.session.state.history[1:] == [Message("assistant", (Text("Hello"),))]
    assert len(of_kind(events, CostChanged)) == 1


@pytest.mark.parametrize(
    "steps",
    [
        [TextDelta("half")],
        [ReasoningDelta("hm")],
        [TextDelta("half"), ToolCallStarted("1", "look"), ToolCallDelta("1", '{"ta')],
    ],
    ids=["text", "reasoning", "arguments"],
)
async def test_what_was_seen_of_a_broken_answer_is_no_part_of_the_conversation(
    make_bench: MakeBench, steps: list[Step]
) -> None:
    bench = make_bench([*steps, broken()], answer("whole"), answer("next"))
    events = await bench.prompt("hi")
    last = events[-1]
    assert isinstance(last, TurnFinished)
    assert last.text == "whole"
    assert len(of_kind(events, Retrying)) == 1
    assert bench.log == []
    await bench.prompt("go on")
    assert bench.provider.requests[2].messages == (
        Message("user", (Text("hi"),)),
        Message("assistant", (Text("whole"),)),
        Message("user", (Text("go on"),)),
    )


async def test_a_broken_answer_is_counted_as_estimated(make_bench: MakeBench) -> None:
    bench = make_bench([TextDelta("half"), broken()], answer("whole"))
    events = await bench.prompt("hi")
    counted = [event for event in events if isinstance(event, CostChanged)]
    assert [event.usage.estimated for event in counted] == [True, True]


async def test_an_answer_that_was_billed_without_a_word_is_counted_too(
    make_bench: MakeBench,
) -> None:
    bench = make_bench([broken()], answer("whole"))
    assert len(of_kind(await bench.prompt("hi"), CostChanged)) == 2


@pytest.mark.parametrize(
    "dropped",
    [
        [],
        [TextDelta(" And then")],
        [ToolCallStarted("2", "look"), ToolCallDelta("2", '{"tag": ')],
        [ReasoningDelta("hm")],
    ],
    ids=["nothing", "text", "a partial call", "reasoning"],
)
async def test_complete_calls_of_a_broken_answer_run_once_and_the_rest_is_dropped(
    make_bench: MakeBench, dropped: list[Step]
) -> None:
    said: list[Step] = [TextDelta("I look."), ToolCallStarted("1", "look")]
    bench = make_bench([*said, *dropped, broken(*KEPT)], answer("done"))
    events = await bench.prompt("hi")
    assert actions(events) == ["keep_calls", "done"]
    assert bench.log == ["begin look:a", "end look:a"]
    assert bench.provider.requests[1].messages[1:] == (
        Message("assistant", KEPT),
        Message("user", (ToolResult("1", "result of look:a"),)),
    )
    last = events[-1]
    assert isinstance(last, TurnFinished)
    assert last.text == "I look.done"
    assert not of_kind(events, Retrying)


async def test_kept_calls_are_told_before_the_answer_ends(make_bench: MakeBench) -> None:
    bench = make_bench([broken(LOOK, LATER)], answer("done"))
    events = await bench.prompt("hi")
    streamed = [event.event for event in events if isinstance(event, Streamed)]
    assert streamed[:3] == [
        ToolCallReady(LOOK),
        ToolCallReady(LATER),
        StreamEnded("tool_calls", "interrupted", (LOOK, LATER)),
    ]
    assert sorted(event.call.id for event in events if isinstance(event, ToolStarted)) == ["1", "2"]


async def test_reasoning_with_its_opaque_data_goes_back_with_the_kept_call(
    make_bench: MakeBench,
) -> None:
    thought = Reasoning("hm")
    bench = make_bench([ReasoningDelta("hm"), broken(thought, LOOK)], answer("done"))
    await bench.prompt("hi")
    assert bench.provider.requests[1].messages[1] == Message("assistant", (thought, LOOK))


async def test_calls_of_an_answer_that_was_refused_in_its_middle_do_not_run(
    make_bench: MakeBench,
) -> None:
    refused = ProviderError("no", kind="content_policy")
    refused.kept = KEPT
    bench = make_bench([TextDelta("I look."), refused])
    events = await bench.prompt("hi")
    assert isinstance(events[-1], TurnFailed)
    assert bench.log == []


async def test_a_resumed_session_has_the_answer_that_stands_and_no_broken_one(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(
        [TextDelta("half"), broken()],
        [TextDelta("I look."), broken(*KEPT)],
        [TextDelta("anoth"), broken()],
        answer("done"),
    )
    await bench.prompt("hi")
    assert list(resumed(bench)) == bench.session.state.history
    assert [message.text for message in resumed(bench)] == ["hi", "I look.", "", "done"]


async def test_wherever_koi_is_killed_no_broken_answer_comes_back(make_bench: MakeBench) -> None:
    bench = make_bench(
        [TextDelta("half"), broken()],
        [TextDelta("I look."), broken(*KEPT)],
        [TextDelta("anoth"), broken()],
        answer("done"),
    )
    await bench.prompt("hi")
    journal = bench.journal_path()
    written = journal.read_bytes().splitlines(keepends=True)
    for lines in range(1, len(written) + 1):
        journal.write_bytes(b"".join(written[:lines]))
        said = [message.text for message in resumed(bench) if message.text]
        assert said == ["hi", "I look.", "done"][: len(said)]


async def test_the_journal_keeps_every_attempt_and_what_it_cost(make_bench: MakeBench) -> None:
    bench = make_bench([TextDelta("half"), broken()], answer("done"))
    await bench.prompt("hi")
    records = [
        entry.record
        for entry in Journal.open(bench.journal_path(), read_only=True).contents.entries
    ]
    answers = [record for record in records if isinstance(record, AssistantRecord)]
    assert [(each.message.text, each.complete, each.dropped) for each in answers] == [
        ("half", False, True),
        ("done", True, False),
    ]
    assert len([record for record in records if isinstance(record, UsageRecord)]) == 2


class Silent(ScriptedProvider):
    """Never says anything; `leaves` tells whether requests reach it."""

    def __init__(self, leaves: bool) -> None:
        super().__init__()
        self._leaves = leaves

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        note_left(self._leaves)
        await asyncio.Event().wait()
        yield TextDelta("never")


@pytest.mark.parametrize(("leaves", "lines"), [(True, 1), (False, 0)])
async def test_a_request_that_is_interrupted_before_its_answer_counts_if_it_had_left(
    make_bench: MakeBench, leaves: bool, lines: int
) -> None:
    silent = Silent(leaves)
    bench = make_bench(provider_of=lambda model: silent)
    async with aclosing(bench.session.prompt("x" * 4_000)) as events:
        async for event in events:
            if isinstance(event, RequestStarted):
                asyncio.get_running_loop().create_task(bench.session.cancel())
    entries = read_ledger(bench.folder / "ledger.jsonl").entries
    assert len(entries) == lines
    for entry in entries:
        assert (entry.ok, entry.usage.estimated, entry.usage.output_tokens) == (False, True, 0)
        assert entry.usage.input_tokens > 1_000


async def test_a_request_that_was_sent_and_never_answered_counts(make_bench: MakeBench) -> None:
    lost = ProviderError("reset", kind="network")
    lost.unanswered = True
    bench = make_bench([lost], answer("Hello"))
    await bench.prompt("hi")
    entries = read_ledger(bench.folder / "ledger.jsonl").entries
    assert [entry.ok for entry in entries] == [False, True]
