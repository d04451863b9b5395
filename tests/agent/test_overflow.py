"""A conversation that does not fit: made shorter once, told, sent again; or a clear error."""

from __future__ import annotations

from contextlib import aclosing
from itertools import pairwise

import pytest

from koi.agent.compaction import is_summary
from koi.agent.overflow import window_named
from koi.core.agent_events import (
    AgentEvent,
    BudgetReached,
    Compacted,
    CostChanged,
    RequestStarted,
    Streamed,
    TurnFailed,
    TurnFinished,
)
from koi.core.errors import ErrorKind, ProviderError, UsageError
from koi.core.messages import Message, Text, ToolCall, ToolResult
from koi.core.references import ModelReference
from koi.core.usage import Price, Usage
from koi.routing.estimates import input_tokens
from koi.safety.rules import Rule
from koi.store.conversation import branch, conversation
from koi.store.journal import Journal
from koi.store.ledger import read_ledger
from koi.store.scan import read_journal
from tests.agent.conftest import MODEL, Bench, MakeBench, answer

ALLOW = Rule("bash", "allow")
LITTLE = ModelReference("scripted", "little")
WINDOW = 40_000


def overflow(said: str = "prompt is too long") -> ProviderError:
    return ProviderError(said, kind="context_overflow", provider="scripted", model="one")


def failure(kind: ErrorKind) -> ProviderError:
    return ProviderError("no", kind=kind, provider="scripted", model="one")


def of(events: list[AgentEvent], kind: type[AgentEvent]) -> list[AgentEvent]:
    return [event for event in events if isinstance(event, kind)]


def compactions(events: list[AgentEvent]) -> list[Compacted]:
    return [event for event in events if isinstance(event, Compacted)]


def fill(bench: Bench, turns: int = 6, size: int = 12_000) -> None:
    """A conversation with large outputs, as if it had been before."""
    for turn in range(turns):
        bench.session.state.history += [
            Message("user", (Text(f"request {turn}"),)),
            Message("assistant", (ToolCall(f"f{turn}", "bash", {"command": f"make {turn}"}),)),
            Message("user", (ToolResult(f"f{turn}", "x" * size),)),
            Message("assistant", (Text(f"answer {turn}"),)),
        ]


def talk(bench: Bench, turns: int = 8, size: int = 8_000) -> None:
    """A conversation of long texts, in which there is no output to leave out."""
    for turn in range(turns):
        bench.session.state.history += [
            Message("user", (Text(f"request {turn}"),)),
            Message("assistant", (Text(f"answer {turn}: " + "words " * (size // 6)),)),
        ]


async def compact(bench: Bench, matters: str = "") -> list[AgentEvent]:
    """All events of a compaction that was asked for."""
    async with aclosing(bench.session.compact(matters)) as stream:
        return [event async for event in stream]


async def test_outputs_are_left_out_once_and_the_request_is_sent_again(
    make_bench: MakeBench,
) -> None:
    bench = make_bench([overflow()], answer("done"), window=None)
    fill(bench)
    events = await bench.prompt("go on")
    (told,) = compactions(events)
    assert (told.cause, told.model, told.messages_summarised) == ("overflow", None, 0)
    assert told.outputs_removed == 5
    assert told.after_tokens < told.before_tokens / 2
    assert isinstance(events[-1], TurnFinished)
    first, second = bench.provider.requests
    assert input_tokens(second) < input_tokens(first) / 2
    assert second.messages[-1].text == "go on"


async def test_words_are_summarised_by_the_small_model(make_bench: MakeBench) -> None:
    bench = make_bench(
        [overflow()],
        answer("## Goal\nAll of it", usage=Usage(900, output_tokens=9)),
        answer("done"),
        window=None,
        small=LITTLE,
        price=Price(1.0, 1.0),
    )
    talk(bench)
    events = await bench.prompt("go on")
    (told,) = compactions(events)
    assert (told.cause, told.model) == ("overflow", LITTLE)
    assert told.messages_summarised > 8
    asked = [event for event in events if isinstance(event, RequestStarted)]
    assert [(each.role, each.model) for each in asked] == [
        ("executor", MODEL),
        ("small", LITTLE),
        ("executor", MODEL),
    ]
    summary, last = bench.provider.requests[1:]
    assert "request 3" in summary.messages[0].text
    assert is_summary(last.messages[0].parts[0])
    assert "All of it" in last.messages[0].text
    assert "request 3" in last.messages[0].text
    streamed = {event.request_id for event in events if isinstance(event, Streamed)}
    assert asked[1].request_id not in streamed
    paid = [event.role for event in events if isinstance(event, CostChanged)]
    assert paid == ["small", "executor"]
    roles = [entry.role for entry in read_ledger(bench.folder / "ledger.jsonl").entries]
    assert roles == ["small", "executor"]


async def test_a_small_model_without_a_price_makes_way_for_the_session_s_own(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(
        [overflow()],
        answer("## Goal"),
        answer("done"),
        window=None,
        small=LITTLE,
        unpriced=LITTLE,
        price=Price(1.0, 1.0),
        budget={"session_usd": 5.0},
    )
    talk(bench)
    events = await bench.prompt("go on")
    (told,) = compactions(events)
    assert told.model == MODEL
    assert isinstance(events[-1], TurnFinished)


async def test_a_summary_that_a_limit_has_no_room_for_stops_and_changes_nothing(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(
        [overflow()],
        window=None,
        small=LITTLE,
        unpriced=LITTLE,
        price=Price(1.0, 1.0),
        budget={"session_usd": 5.0},
    )
    talk(bench)
    events: list[AgentEvent] = []
    async with aclosing(bench.session.prompt("go on")) as stream:
        async for event in stream:
            events.append(event)
            if isinstance(event, RequestStarted):
                bench.session.set_limit("session_usd", 0.001)
    last = events[-1]
    assert isinstance(last, TurnFailed)
    assert last.error.kind == "budget"
    assert "a summary has no room" in last.error.message
    assert len(bench.session.state.history) == 17
    assert [(e.limit, e.raisable) for e in events if isinstance(e, BudgetReached)] == [
        ("session_usd", True)
    ]


async def test_a_second_refusal_fails_clearly_and_nothing_is_lost(make_bench: MakeBench) -> None:
    bench = make_bench([overflow()], [overflow()], window=None)
    fill(bench)
    events = await bench.prompt("go on")
    last = events[-1]
    assert isinstance(last, TurnFailed)
    assert last.error.kind == "context_overflow"
    assert "also after it was made shorter" in last.error.message
    assert len(bench.provider.requests) == 2
    assert bench.session.state.history[-1].text == "go on"


async def test_one_giant_message_fails_with_advice_and_without_a_summary(
    make_bench: MakeBench,
) -> None:
    bench = make_bench([overflow()], window=WINDOW)
    talk(bench, turns=2)
    events = await bench.prompt("paste " * 400_000)
    last = events[-1]
    assert isinstance(last, TurnFailed)
    assert last.error.kind == "context_overflow"
    assert "last message alone" in last.error.message
    assert "save a long text in a file" in last.error.hint
    assert len(bench.provider.requests) == 1
    assert compactions(events) == []


async def test_after_a_giant_message_the_session_goes_on(make_bench: MakeBench) -> None:
    bench = make_bench(
        [overflow()], answer("A paste was too long"), answer("I know"), window=WINDOW
    )
    await bench.prompt("paste " * 400_000)
    events = await bench.prompt("what now?")
    assert isinstance(events[-1], TurnFinished)
    assert [told.cause for told in compactions(events)] == ["threshold"]


async def test_other_failures_are_no_reason_to_compact(make_bench: MakeBench) -> None:
    bench = make_bench([failure("bad_request")], window=None)
    fill(bench)
    assert compactions(await bench.prompt("go on")) == []


async def test_near_the_end_of_the_window_it_happens_before_the_request(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(answer("done"), window=WINDOW)
    fill(bench, turns=10)
    events = await bench.prompt("go on")
    (told,) = compactions(events)
    assert told.cause == "threshold"
    assert told.after_tokens < WINDOW / 2
    assert len(bench.provider.requests) == 1


async def test_far_from_the_end_nothing_is_touched(make_bench: MakeBench) -> None:
    bench = make_bench(answer("done"), window=WINDOW)
    fill(bench, turns=3)
    before = list(bench.session.state.history)
    assert compactions(await bench.prompt("go on")) == []
    assert bench.session.state.history[: len(before)] == before


async def test_an_unknown_window_is_never_filled_ahead(make_bench: MakeBench) -> None:
    bench = make_bench(answer("done"), window=None)
    fill(bench, turns=90)
    assert compactions(await bench.prompt("go on")) == []


async def test_what_a_provider_counted_decides(make_bench: MakeBench) -> None:
    bench = make_bench(
        answer("one", usage=Usage(30_000, output_tokens=5)), answer("two"), window=WINDOW
    )
    fill(bench, turns=3)
    assert compactions(await bench.prompt("first")) == []
    (told,) = compactions(await bench.prompt("second"))
    assert told.before_tokens >= 30_000


async def test_after_a_compaction_the_prefix_stays_as_it_is(make_bench: MakeBench) -> None:
    calls = [answer("", ToolCall(f"c{n}", "bash", {"command": "ls"})) for n in range(5)]
    bench = make_bench(*calls, answer("done"), window=WINDOW, rules=[ALLOW])
    fill(bench, turns=10)
    events = await bench.prompt("go on")
    assert len(compactions(events)) == 1
    requests = bench.provider.requests
    assert len(requests) == 6
    for earlier, later in pairwise(requests):
        assert later.messages[: len(earlier.messages)] == earlier.messages


async def test_what_cannot_become_short_enough_is_not_tried_at_each_step(
    make_bench: MakeBench,
) -> None:
    calls = [answer("", ToolCall(f"c{n}", "bash", {"command": "ls"})) for n in range(5)]
    failed = [failure("bad_request")]
    bench = make_bench(failed, *calls, answer("done"), window=WINDOW, rules=[ALLOW])
    talk(bench, turns=15)
    events = await bench.prompt("go on")
    assert isinstance(events[-1], TurnFinished)
    roles = [event.role for event in events if isinstance(event, RequestStarted)]
    assert roles == ["small", *["executor"] * 6]


async def test_when_the_small_model_fails_the_sessions_own_writes_the_summary(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(
        [overflow()],
        [failure("bad_request")],
        answer("summary"),
        answer("done"),
        window=None,
        small=LITTLE,
    )
    talk(bench)
    events = await bench.prompt("go on")
    (told,) = compactions(events)
    assert told.model == MODEL


async def test_what_was_too_long_to_summarise_at_once_is_never_sent_again(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(
        [overflow()],
        [overflow()],
        answer("a first part"),
        answer("two parts"),
        answer("all parts"),
        answer("done"),
        window=None,
        small=LITTLE,
    )
    talk(bench, size=1_500)
    events = await bench.prompt("go on")
    assert isinstance(events[-1], TurnFinished)
    whole, half = [input_tokens(request) for request in bench.provider.requests[1:3]]
    assert half < 0.8 * whole


async def test_a_failed_summary_leaves_the_outputs_out_when_that_is_enough(
    make_bench: MakeBench,
) -> None:
    bench = make_bench([overflow()], [failure("bad_request")], answer("done"), window=None)
    fill(bench, turns=3, size=20_000)
    talk(bench, turns=6, size=12_000)
    events = await bench.prompt("go on")
    (told,) = compactions(events)
    assert (told.model, told.outputs_removed) == (None, 3)
    assert isinstance(events[-1], TurnFinished)


async def test_a_failed_summary_is_a_clear_error_when_nothing_else_helps(
    make_bench: MakeBench,
) -> None:
    bench = make_bench([overflow()], [failure("bad_request")], window=None)
    talk(bench)
    before = list(bench.session.state.history)
    last = (await bench.prompt("go on"))[-1]
    assert isinstance(last, TurnFailed)
    assert last.error.kind == "context_overflow"
    assert "a summary failed" in last.error.message
    assert bench.session.state.history[:-1] == before


async def test_asking_for_it_names_what_matters(make_bench: MakeBench) -> None:
    bench = make_bench(answer("hello"), answer("short"), answer("done"), window=WINDOW)
    await bench.prompt("hi")
    talk(bench, turns=3)
    told = (await compact(bench, "the tests"))[-1]
    assert isinstance(told, Compacted)
    assert told.cause == "asked"
    assert "the tests" in bench.provider.requests[-1].system
    await bench.prompt("go on")
    assert is_summary(bench.provider.requests[-1].messages[0].parts[0])


async def test_asking_for_it_without_a_conversation_says_so(make_bench: MakeBench) -> None:
    bench = make_bench()
    with pytest.raises(UsageError, match="nothing to make shorter"):
        await compact(bench)
    assert not bench.session.state.busy


async def test_undoing_brings_everything_back_and_keeps_what_was_said_since(
    make_bench: MakeBench,
) -> None:
    said = [answer("word " * 900) for _ in range(4)]
    bench = make_bench(*said, answer("short"), answer("since"), answer("more"), window=WINDOW)
    for number in range(4):
        await bench.prompt(f"request {number}")
    before = list(bench.session.state.history)
    await compact(bench)
    await bench.prompt("another")
    told = await bench.session.undo_compaction()
    assert told.cause == "undone"
    assert told.after_tokens > told.before_tokens
    history = bench.session.state.history
    assert history[: len(before)] == before
    assert [message.text for message in history[len(before) :]] == ["another", "since"]
    await bench.prompt("and on")
    await bench.session.close()
    entries = read_journal(bench.journal_path()).entries
    assert list(conversation(branch(entries))) == bench.session.state.history


async def test_there_is_nothing_to_undo_without_a_compaction(make_bench: MakeBench) -> None:
    bench = make_bench(answer("hello"))
    await bench.prompt("hi")
    with pytest.raises(UsageError, match="no compaction"):
        await bench.session.undo_compaction()


async def test_the_journal_holds_the_short_conversation_as_a_branch(make_bench: MakeBench) -> None:
    bench = make_bench(answer("hello"), [overflow()], answer("short"), answer("done"), window=None)
    await bench.prompt("x" * 9_000)
    await bench.prompt("go on")
    await bench.session.close()
    journal = Journal.open(bench.journal_path(), read_only=True)
    entries = journal.contents.entries
    assert list(conversation(branch(entries))) == bench.session.state.history
    assert journal.state.turns == 2
    assert journal.state.usage.output_tokens >= 3


@pytest.mark.parametrize(
    ("refusal", "window"),
    [
        ("prompt is too long: 208310 tokens > 200000 maximum", 200_000),
        ("input length and `max_tokens` exceed context limit: 140000 + 64000 > 200000", 200_000),
        ("This model's maximum context length is 128000 tokens. You requested 132000", 128_000),
        (
            "The input token count exceeds the maximum number of tokens allowed (1048576)",
            1_048_576,
        ),
        ("request (9000 tokens) exceeds the available context size (8192 tokens)", 8_192),
        ("Input tokens exceed the configured limit of 272,000 tokens", 272_000),
        ("Requested tokens (2055) exceed context window of 2048", 2_048),
        ("The prompt is too long: 140000, model maximum context length: 131071", 131_071),
        ("longer than the maximum model length of 8192.", 8_192),
        ("Your request exceeded model token limit: 131072", 131_072),
        ("the model is loaded with context length of only 4096 tokens", 4_096),
        ("`inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000 `inputs`", 8_193),
        ("`inputs` must have less than 4096 tokens. Given: 5000", 4_096),
        ("tokens in the prompt cannot exceed 128000 - received 130000", 128_000),
        ("the request is too large", None),
    ],
)
def test_the_window_is_read_from_the_refusal(refusal: str, window: int | None) -> None:
    assert window_named(refusal) == window
