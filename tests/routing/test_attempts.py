"""Attempts with one model: what is asked again, after how long, and what never is."""

from __future__ import annotations

from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.agent_events import RequestStarted, Retrying, Streamed
from koi.core.errors import ErrorKind, KoiError, ProviderError
from koi.core.messages import ModelRequest, ToolCall
from koi.core.provider_events import (
    ProviderEvent,
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallDelta,
    ToolCallReady,
    ToolCallStarted,
)
from koi.core.request_events import Estimate
from koi.routing.attempts import AttemptEvent, Attempts
from koi.routing.backoff import TRANSIENT, RetryPolicy
from tests.chains import Unlimited, chain_of
from tests.routing.scripted import END, MODEL, Scripted, Sending, Step, failed

CALL = ToolCall("1", "ls", {})


async def run(
    provider: Scripted, retries: int = 2
) -> tuple[list[AttemptEvent], list[float], KoiError | None]:
    """All events, the waits, and the failure at the end."""
    sending = Sending(RetryPolicy(retries))
    ran = await sending.run(chain_of((MODEL, provider)))
    return ran.told, sending.clock.waits, ran.error


async def test_a_good_answer_is_one_attempt() -> None:
    provider = Scripted([TextDelta("Hello"), END])
    events, waits, error = await run(provider)
    assert events == [
        RequestStarted("r1", MODEL, "executor", 1, "off", estimate=Estimate(0)),
        Streamed("r1", TextDelta("Hello")),
        Streamed("r1", END),
    ]
    assert (waits, error, provider.closed) == ([], None, 1)


async def test_each_attempt_has_an_id_and_a_number_of_its_own() -> None:
    events, _, _ = await run(Scripted([failed("network")], [failed("timeout")], [END]))
    started = [event for event in events if isinstance(event, RequestStarted)]
    assert [(event.request_id, event.attempt) for event in started] == [
        ("r1", 1),
        ("r2", 2),
        ("r3", 3),
    ]


async def test_the_hint_of_the_server_is_waited_for() -> None:
    _, waits, error = await run(Scripted([failed("rate_limit", 7)], [END]))
    assert (waits, error) == ([7], None)


async def test_a_hint_that_is_shorter_than_the_own_wait_wins_too() -> None:
    _, waits, _ = await run(Scripted([failed("rate_limit", 0.001)], [END]))
    assert waits == [pytest.approx(0.001)]


async def test_a_hint_of_more_than_a_minute_is_not_waited_for() -> None:
    provider = Scripted([failed("rate_limit", 61)], [END])
    _, waits, error = await run(provider)
    assert (waits, provider.asked) == ([], 1)
    assert isinstance(error, ProviderError)
    assert error.retry_after_s == 61


@pytest.mark.parametrize("visible", [TextDelta("Hel"), ReasoningDelta("Hmm")])
async def test_an_answer_that_breaks_off_after_it_was_seen_is_asked_for_again(
    visible: ProviderEvent,
) -> None:
    events, _, error = await run(Scripted([visible, failed("network")], [TextDelta("Hello"), END]))
    assert error is None
    assert [type(event) for event in events] == [
        RequestStarted,
        Streamed,
        Retrying,
        RequestStarted,
        Streamed,
        Streamed,
    ]


async def test_a_broken_call_is_asked_for_again() -> None:
    broken: list[Step] = [ToolCallStarted("1", "ls"), ToolCallDelta("1", "{"), failed("network")]
    whole = StreamEnded("tool_calls", "tool_calls", (CALL,))
    events, _, error = await run(Scripted(broken, [ToolCallReady(CALL), whole]))
    assert error is None
    assert events[-1] == Streamed("r2", whole)


async def test_a_stream_without_its_end_is_a_failure() -> None:
    provider = Scripted([TextDelta("Hello")])
    _, _, error = await run(provider)
    assert error is not None
    assert (error.kind, provider.asked, provider.closed) == ("network", 3, 3)


async def test_leaving_early_closes_the_connection() -> None:
    provider = Scripted([TextDelta("Hello"), END])
    sending = Attempts(RetryPolicy(), Unlimited())
    attempts = sending.stream(ModelRequest("", ()), chain_of((MODEL, provider)))
    async with aclosing(attempts):
        async for event in attempts:
            if isinstance(event, Streamed):
                break
    assert provider.closed == 1


_kinds: st.SearchStrategy[ErrorKind] = st.sampled_from(
    ["auth", "billing", "bad_request", "context_overflow", "protocol", *sorted(TRANSIENT)]
)


@given(st.lists(_kinds, max_size=5), st.integers(0, 3))
async def test_only_transient_failures_are_asked_again_and_no_more_than_allowed(
    kinds: list[ErrorKind], retries: int
) -> None:
    provider = Scripted(*[[failed(kind)] for kind in kinds], [END])
    events, waits, error = await run(provider, retries)
    lasting = next((at for at, kind in enumerate(kinds) if kind not in TRANSIENT), len(kinds))
    expected = min(lasting, retries) + 1
    assert provider.asked == provider.closed == expected
    assert len(waits) == len([e for e in events if isinstance(e, Retrying)]) == expected - 1
    assert (error is None) == (expected == len(kinds) + 1)
