"""Whatever a model answers, wherever it fails or is interrupted: the session stays whole."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from koi.agent.normalise import normalise
from koi.core.agent_events import (
    AgentEvent,
    ApprovalDecision,
    ToolFinished,
    TurnCancelled,
    TurnFailed,
    TurnFinished,
)
from koi.core.errors import ProviderError
from koi.core.messages import Message, ToolCall
from koi.core.provider_events import TextDelta, ToolCallReady
from koi.core.usage import Usage
from koi.store.conversation import branch, conversation
from koi.store.journal import Journal
from koi.store.records import AssistantRecord, ToolResultRecord, TurnEndRecord
from tests.agent.conftest import Bench, MakeBench, Person, Step, answer, build_bench

Turn = tuple[list[list[Step]], int | None]
"""The answers of a turn, and after how many events it is interrupted."""

_calls = st.builds(
    lambda name, arguments, identity: ToolCall(identity, name, arguments),
    st.sampled_from(["look", "change", "bash", "fly"]),
    st.sampled_from([{"command": "x"}, {"command": "x", "wait": 0.001}, None]),
    st.sampled_from(["a", "b", "c", "d"]),
)
_answers = st.builds(
    lambda text, calls, reason, usage: answer(text, *calls, reason=reason, usage=usage),
    st.sampled_from(["", "words"]),
    st.lists(_calls, max_size=3),
    st.sampled_from([None, None, None, "length", "content_filter", "error"]),
    st.sampled_from([None, Usage(10, output_tokens=3)]),
)
_failures = st.builds(
    lambda before, kind: [*before, ProviderError("failed", kind=kind)],
    st.sampled_from(
        [[], [TextDelta("so far")], [ToolCallReady(ToolCall("z", "look", {}))], [0.001]]
    ),
    st.sampled_from(["network", "auth", "context_overflow"]),
)
_turns = st.tuples(
    st.lists(st.one_of(_answers, _failures), max_size=4),
    st.one_of(st.none(), st.none(), st.integers(0, 25)),
)
_decisions = st.lists(st.sampled_from(["allow", "always", "deny"]), max_size=6)


async def play(bench: Bench, turn: Turn) -> list[AgentEvent]:
    """One turn; it ends with plain words when its script does not end it before."""
    answers, interrupt_after = turn
    bench.provider.answers = [*answers, *[answer("the end")] * 5]
    events: list[AgentEvent] = []
    async with asyncio.timeout(20):
        async with aclosing(bench.session.prompt("go")) as stream:
            async for event in stream:
                events.append(event)
                if len(events) - 1 == interrupt_after:
                    bench.session.stop()
    return events


def check_turn(events: list[AgentEvent]) -> None:
    ends = [e for e in events if isinstance(e, TurnFinished | TurnCancelled | TurnFailed)]
    assert ends == events[-1:], "a turn ends exactly once, and nothing follows"


def check_history(history: list[Message]) -> None:
    """Each call in an answer has one result in the very next message."""
    for at, message in enumerate(history):
        wanted = [call.id for call in message.tool_calls]
        if not wanted:
            continue
        assert len(set(wanted)) == len(wanted)
        following = history[at + 1].parts
        assert [part.call_id for part in following if hasattr(part, "call_id")] == wanted


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_turns, min_size=1, max_size=3), _decisions)
@example([([], 4)], [])
@example([([], 5)], [])
@example([([], 6)], [])
async def test_a_session_stays_whole(turns: list[Turn], decisions: list[ApprovalDecision]) -> None:
    with TemporaryDirectory() as folder:
        bench = build_bench(Path(folder), Path(folder), approver=Person(list(decisions)))
        finished: Counter[str] = Counter()
        for turn in turns:
            events = await play(bench, turn)
            check_turn(events)
            finished.update(e.call_id for e in events if isinstance(e, ToolFinished))
        await bench.session.close()
        history = bench.session.state.history
        check_history(history)
        assert normalise(normalise(history)) == normalise(history)
        check_journal(bench, history, finished, len(turns))


def check_journal(bench: Bench, history: list[Message], finished: Counter[str], turns: int) -> None:
    entries = Journal.open(bench.journal_path(), read_only=True).contents.entries
    assert normalise(conversation(branch(entries))) == normalise(history)
    records = [entry.record for entry in entries]
    asked = Counter(
        call.id
        for record in records
        if isinstance(record, AssistantRecord)
        for call in record.message.tool_calls
    )
    answered = Counter(r.result.call_id for r in records if isinstance(r, ToolResultRecord))
    assert asked == answered == finished
    assert len([r for r in records if isinstance(r, TurnEndRecord)]) == turns


@given(st.integers(0, 40))
@settings(max_examples=41)
async def test_an_interrupt_at_any_event_of_a_long_turn(after: int) -> None:
    calls = [ToolCall(name, name, {"command": "x"}) for name in ("look", "change", "bash")]
    turn: Turn = ([answer("one", *calls), answer("two", *calls)], after)
    with TemporaryDirectory() as folder:
        bench = build_bench(Path(folder), Path(folder), approver=Person(["allow"] * 4))
        check_turn(await play(bench, turn))
        check_history(bench.session.state.history)
        assert isinstance((await play(bench, ([], None)))[-1], TurnFinished)
        await bench.session.close()


async def test_an_interrupt_at_the_first_event_ends_the_turn(make_bench: MakeBench) -> None:
    bench = make_bench(answer("never"))
    events = await play(bench, ([], 0))
    assert isinstance(events[-1], TurnCancelled)
    assert not bench.provider.requests
