"""A turn that stopped is gone on with, and what it may cost is set while the session runs."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from koi.core.agent_events import (
    AgentEvent,
    BudgetReached,
    CostChanged,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from koi.core.errors import ProviderError, UsageError
from koi.core.messages import Message, Text, ToolCall, ToolResult
from koi.core.provider_events import TextDelta
from koi.core.usage import Price, Usage
from koi.store.conversation import branch, conversation
from koi.store.journal import Journal
from koi.store.ledger import read_ledger
from tests.agent.conftest import Bench, MakeBench, answer

PRICE = Price(1.0, 1.0)
LOOK = ToolCall("1", "look", {})


async def go_on(bench: Bench) -> list[AgentEvent]:
    async with aclosing(bench.session.go_on()) as events:
        return [event async for event in events]


async def test_a_turn_goes_on_where_its_limit_stopped_it(make_bench: MakeBench) -> None:
    bench = make_bench(
        answer("", LOOK, usage=Usage(9_000)),
        answer("done", usage=Usage(9_000)),
        budget={"session_usd": 0.01},
        price=PRICE,
    )
    stopped = (await bench.prompt("look"))[-1]
    assert isinstance(stopped, TurnFailed)
    assert stopped.error.kind == "budget"
    bench.session.set_limit("session_usd", 1.0)
    events = await go_on(bench)
    assert isinstance(events[0], TurnStarted)
    assert events[0].prompt == ""
    assert isinstance(events[-1], TurnFinished)
    assert bench.log == ["begin look:", "end look:"]
    sent = bench.provider.requests[1].messages
    assert [message.role for message in sent] == ["user", "assistant", "user"]
    assert isinstance(sent[-1].parts[0], ToolResult)
    costs = [event for event in events if isinstance(event, CostChanged)]
    (use,) = costs[-1].budgets
    assert (use.limit, use.value, use.reserved) == ("session_usd", 1.0, 0)
    assert use.spent == pytest.approx(0.018)


async def test_a_prompt_that_was_never_sent_is_sent(make_bench: MakeBench) -> None:
    bench = make_bench(answer("hello"), budget={"max_cost": 0.0}, price=PRICE)
    events = await bench.prompt("hi")
    (reached,) = [event for event in events if isinstance(event, BudgetReached)]
    assert (reached.limit, reached.value) == ("max_cost", 0.0)
    assert bench.provider.requests == []
    bench.session.set_limit("max_cost", None)
    assert isinstance((await go_on(bench))[-1], TurnFinished)
    assert bench.provider.requests[0].messages == (Message("user", (Text("hi"),)),)


async def test_an_answer_that_broke_off_is_asked_for_again(make_bench: MakeBench) -> None:
    refused = ProviderError("cut", kind="bad_request")
    bench = make_bench([TextDelta("half an"), refused], answer("whole"))
    assert isinstance((await bench.prompt("hi"))[-1], TurnFailed)
    assert isinstance((await go_on(bench))[-1], TurnFinished)
    assert bench.provider.requests[1].messages == (Message("user", (Text("hi"),)),)
    await bench.session.close()
    entries = Journal.open(bench.journal_path(), read_only=True).contents.entries
    said = [message.text for message in conversation(branch(entries))]
    assert said == ["hi", "whole"]


async def test_a_resumed_session_goes_on_with_its_broken_answer(make_bench: MakeBench) -> None:
    bench = make_bench(answer("whole"))
    state, prompt = bench.session.state, Message("user", (Text("hi"),))
    state.history += [prompt, Message("assistant", (Text("half an"),))]
    state.cut = frozenset({1})
    assert isinstance((await go_on(bench))[-1], TurnFinished)
    assert bench.provider.requests[0].messages == (prompt,)
    assert state.cut == frozenset()


async def test_there_is_nothing_to_go_on_with_after_the_end(make_bench: MakeBench) -> None:
    bench = make_bench(answer("done"))
    with pytest.raises(UsageError, match="nothing to go on with"):
        await go_on(bench)
    await bench.prompt("hi")
    with pytest.raises(UsageError, match="nothing to go on with"):
        await go_on(bench)
    assert not bench.session.state.busy


async def test_a_turn_of_too_many_requests_goes_on_with_more(make_bench: MakeBench) -> None:
    bench = make_bench(answer("", LOOK), answer("done"))
    bench.session.set_limit("max_turns", 1)
    assert isinstance((await bench.prompt("hi"))[-1], TurnFailed)
    assert isinstance((await go_on(bench))[-1], TurnFinished)


async def test_the_next_request_is_estimated_with_its_draft(make_bench: MakeBench) -> None:
    bench = make_bench(answer("hello", usage=Usage(2_000, output_tokens=10)), price=PRICE)
    before = await bench.session.estimate()
    assert before.input_usd == pytest.approx(before.input_tokens / 1_000_000)
    await bench.prompt("hi")
    after = await bench.session.estimate()
    assert 2_000 < after.input_tokens < 2_100
    longer = await bench.session.estimate("x" * 4_000)
    assert longer.input_tokens > after.input_tokens + 500
    assert bench.session.state.history[-1].text == "hello"


async def test_failed_attempts_that_were_begun_are_in_the_ledger(make_bench: MakeBench) -> None:
    cut = ProviderError("cut", kind="bad_request")
    bench = make_bench([TextDelta("half an"), cut], answer("whole", usage=Usage(5)), price=PRICE)
    await bench.prompt("hi")
    await go_on(bench)
    first, second = read_ledger(bench.folder / "ledger.jsonl").entries
    assert (first.ok, first.usage.estimated) == (False, True)
    assert (second.ok, second.usage.estimated) == (True, False)
    assert first.request_id != second.request_id
