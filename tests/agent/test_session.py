"""A turn from prompt to end: what is emitted, journaled, counted and kept."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from koi.agent.loop import TurnLimits
from koi.core.agent_events import (
    AgentEvent,
    ApprovalRequested,
    ApprovalResolved,
    BudgetReached,
    CostChanged,
    RequestStarted,
    Retrying,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnCancelled,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from koi.core.errors import ProviderError, UsageError
from koi.core.messages import Message, Text, ToolCall, ToolResult
from koi.core.provider_events import TextDelta
from koi.core.usage import Price, Usage
from koi.safety.rules import Rule
from koi.store.conversation import branch, conversation
from koi.store.journal import Journal
from koi.store.ledger import read_ledger
from tests.agent.conftest import MakeBench, Person, answer

ALLOW = Rule("bash", "allow")


def of(events: list[AgentEvent], kind: type[AgentEvent]) -> list[AgentEvent]:
    return [event for event in events if isinstance(event, kind)]


def results(events: list[AgentEvent]) -> dict[str, ToolFinished]:
    found: dict[str, ToolFinished] = {}
    for event in events:
        if isinstance(event, ToolFinished):
            assert event.call_id not in found, "a call has two results"
            found[event.call_id] = event
    return found


async def test_a_plain_answer_starts_streams_counts_and_finishes(make_bench: MakeBench) -> None:
    bench = make_bench(answer("Hello", usage=Usage(10, output_tokens=2)), price=Price(1.0, 5.0))
    events = await bench.prompt("hi")
    assert isinstance(events[0], TurnStarted)
    assert isinstance(events[1], RequestStarted)
    last = events[-1]
    assert isinstance(last, TurnFinished)
    assert (last.text, last.finish_reason) == ("Hello", "stop")
    (cost,) = of(events, CostChanged)
    assert isinstance(cost, CostChanged)
    assert cost.cost_usd == pytest.approx(20 / 1_000_000)
    assert cost.context_window == 1000


async def test_an_unknown_price_stays_unknown(make_bench: MakeBench) -> None:
    bench = make_bench(answer("Hello", usage=Usage(10, output_tokens=2)))
    (cost,) = of(await bench.prompt("hi"), CostChanged)
    assert isinstance(cost, CostChanged)
    assert cost.cost_usd is None
    assert cost.session_cost.usd is None


async def test_usage_is_estimated_when_the_provider_does_not_count(make_bench: MakeBench) -> None:
    bench = make_bench(answer("Hello there"))
    (cost,) = of(await bench.prompt("hi"), CostChanged)
    assert isinstance(cost, CostChanged)
    assert cost.usage.estimated
    assert cost.usage.input_tokens > 0


async def test_a_tool_result_goes_back_to_the_model(make_bench: MakeBench) -> None:
    call = ToolCall("1", "look", {"tag": "a"})
    bench = make_bench(answer("", call), answer("done"))
    events = await bench.prompt("look")
    assert results(events)["1"].content == "result of look:a"
    assert bench.provider.requests[1].messages[-1] == Message(
        "user", (ToolResult("1", "result of look:a"),)
    )
    assert of(events, ToolOutput)


async def test_reads_run_side_by_side_and_changes_in_order(make_bench: MakeBench) -> None:
    calls = [
        ToolCall("1", "look", {"tag": "1", "wait": 0.02}),
        ToolCall("2", "look", {"tag": "2"}),
        ToolCall("3", "bash", {"tag": "3", "wait": 0.01, "command": "x"}),
        ToolCall("4", "bash", {"tag": "4", "command": "x"}),
    ]
    bench = make_bench(answer("", *calls), answer("done"), rules=[ALLOW])
    events = await bench.prompt("go")
    assert bench.log == [
        "begin look:1",
        "begin look:2",
        "end look:2",
        "end look:1",
        "begin bash:3",
        "end bash:3",
        "begin bash:4",
        "end bash:4",
    ]
    message = bench.provider.requests[1].messages[-1]
    order = [part.call_id for part in message.parts if isinstance(part, ToolResult)]
    assert order == ["1", "2", "3", "4"]
    assert set(results(events)) == {"1", "2", "3", "4"}


async def test_without_anybody_to_ask_a_call_is_denied_and_the_turn_goes_on(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(answer("", ToolCall("1", "bash", {"command": "rm x"})), answer("I see"))
    events = await bench.prompt("go")
    assert bench.log == []
    assert "Denied" in results(events)["1"].content
    last = events[-1]
    assert isinstance(last, TurnFinished)
    assert last.denied == 1


async def test_always_asks_once_for_the_same_command(make_bench: MakeBench) -> None:
    person = Person(["always"])
    bench = make_bench(
        answer("", ToolCall("1", "bash", {"command": "make"})),
        answer("", ToolCall("2", "bash", {"command": "make"})),
        answer("", ToolCall("3", "bash", {"command": "make install"})),
        answer("done"),
        approver=person,
    )
    events = await bench.prompt("go")
    assert [request.call.id for request in person.asked] == ["1", "3"]
    assert [results(events)[key].ok for key in "123"] == [True, True, False]
    assert len(of(events, ApprovalRequested)) == 2
    assert len(of(events, ApprovalResolved)) == 3


async def test_wrong_calls_get_an_error_result(make_bench: MakeBench) -> None:
    calls = [ToolCall("1", "fly", {}), ToolCall("2", "look", None, "{broken")]
    bench = make_bench(answer("", *calls), answer("done"))
    events = await bench.prompt("go")
    assert "no tool 'fly'" in results(events)["1"].content
    assert "not a JSON object" in results(events)["2"].content
    assert not of(events, ToolStarted)


async def test_calls_of_an_answer_cut_by_length_never_run(make_bench: MakeBench) -> None:
    cut = answer("so", ToolCall("1", "look", {}), reason="length")
    bench = make_bench(cut, answer("again"))
    events = await bench.prompt("go")
    assert bench.log == []
    assert not results(events)["1"].ok
    last = events[-1]
    assert isinstance(last, TurnFinished)
    assert last.finish_reason == "length"
    await bench.prompt("next")
    roles = [message.role for message in bench.provider.requests[1].messages]
    assert roles == ["user", "assistant", "user"]


async def test_a_transient_failure_is_retried_before_anything_is_visible(
    make_bench: MakeBench,
) -> None:
    overloaded = ProviderError("busy", kind="overloaded", status=529)
    bench = make_bench([overloaded], answer("Hello"))
    events = await bench.prompt("hi")
    assert len(of(events, Retrying)) == 1
    assert isinstance(events[-1], TurnFinished)


async def test_a_failure_after_text_that_asking_again_cannot_cure_keeps_the_text(
    make_bench: MakeBench,
) -> None:
    refused = ProviderError("no", kind="content_policy")
    bench = make_bench([TextDelta("half an ans"), refused], answer("whole"))
    events = await bench.prompt("hi")
    last = events[-1]
    assert isinstance(last, TurnFailed)
    assert (last.text, last.error.kind) == ("half an ans", "content_policy")
    await bench.prompt("go on")
    assert bench.provider.requests[1].messages[1] == Message("assistant", (Text("half an ans"),))


async def test_a_stream_that_just_stops_fails(make_bench: MakeBench) -> None:
    bench = make_bench(*[[TextDelta("half")]] * 3)
    events = await bench.prompt("hi")
    assert isinstance(events[-1], TurnFailed)


async def test_interrupting_a_tool_gives_every_call_one_result(make_bench: MakeBench) -> None:
    calls = [ToolCall("1", "look", {"wait": 30}), ToolCall("2", "look", {"wait": 30})]
    calls.append(ToolCall("3", "bash", {"command": "x"}))
    bench = make_bench(answer("", *calls), answer("later"), rules=[ALLOW])
    events: list[AgentEvent] = []
    async with aclosing(bench.session.prompt("go")) as stream:
        async for event in stream:
            events.append(event)
            if len(of(events, ToolStarted)) == 2:
                asyncio.get_running_loop().create_task(bench.session.cancel())
    assert isinstance(events[-1], TurnCancelled)
    assert set(results(events)) == {"1", "2", "3"}
    await bench.prompt("and now")
    answers = bench.provider.requests[1].messages[2].parts
    assert [part.call_id for part in answers if isinstance(part, ToolResult)] == ["1", "2", "3"]


async def test_interrupting_a_stream_keeps_what_was_said(make_bench: MakeBench) -> None:
    bench = make_bench([TextDelta("so far"), 30.0], answer("ok"))
    events: list[AgentEvent] = []
    async with aclosing(bench.session.prompt("go")) as stream:
        async for event in stream:
            events.append(event)
            if len(events) == 3:
                asyncio.get_running_loop().create_task(bench.session.cancel())
    last = events[-1]
    assert isinstance(last, TurnCancelled)
    assert last.text == "so far"


async def test_only_one_turn_runs_at_a_time(make_bench: MakeBench) -> None:
    bench = make_bench([TextDelta("x"), 30.0])
    first = bench.session.prompt("one")
    await anext(first)
    with pytest.raises(UsageError):
        await anext(bench.session.prompt("two"))
    await first.aclose()
    assert not bench.session.state.busy


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        ({"limits": TurnLimits(max_steps=2)}, "max_turns"),
        ({"budget": {"max_cost": 0.01}}, "max_cost"),
        ({"budget": {"session_tokens": 10_000.0}}, "session_tokens"),
        ({"budget": {"day_usd": 0.01}}, "day_usd"),
    ],
)
async def test_a_limit_stops_the_turn(
    make_bench: MakeBench, limits: dict[str, Any], name: str
) -> None:
    steps = [answer("", ToolCall(str(n), "look", {}), usage=Usage(4000)) for n in range(5)]
    bench = make_bench(*steps, **limits, price=Price(1.0, 1.0))
    events = await bench.prompt("go")
    (reached,) = of(events, BudgetReached)
    assert isinstance(reached, BudgetReached)
    assert reached.limit == name
    last = events[-1]
    assert isinstance(last, TurnFailed)
    assert last.error.kind == "budget"


async def test_the_journal_gives_back_the_same_conversation(make_bench: MakeBench) -> None:
    call = ToolCall("1", "look", {"tag": "a"})
    usage = Usage(10, output_tokens=2)
    bench = make_bench(answer("first", call, usage=usage), answer("done", usage=usage))
    await bench.prompt("look")
    await bench.session.close()
    journal = Journal.open(bench.journal_path(), read_only=True)
    assert list(conversation(branch(journal.contents.entries))) == bench.session.state.history
    ledger = read_ledger(bench.folder / "ledger.jsonl").entries
    assert [entry.usage for entry in ledger] == [usage, usage]
