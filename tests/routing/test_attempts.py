"""Attempts: what is asked again, after how long, and what never is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from itertools import count
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.agent_events import RequestStarted, Retrying, Streamed
from koi.core.errors import ErrorKind, ProviderError
from koi.core.messages import ModelRequest, Text, ToolCall, ToolMode
from koi.core.provider_events import (
    ProviderEvent,
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallDelta,
    ToolCallReady,
    ToolCallStarted,
)
from koi.core.references import ModelReference
from koi.core.request_events import AttemptEnded, Estimate
from koi.core.seams import ModelInfo
from koi.routing.attempts import AttemptEvent, Attempts
from koi.routing.backoff import TRANSIENT, RetryPolicy
from tests.chains import Unlimited, chain_of

Step: TypeAlias = ProviderEvent | ProviderError
MODEL = ModelReference("scripted", "one")
END = StreamEnded("stop", "stop", (Text("Hello"),))
CALL = ToolCall("1", "ls", {})


class Scripted:
    """One list of steps a request."""

    name = "scripted"

    def __init__(self, *attempts: Sequence[Step]) -> None:
        self._attempts = list(attempts)
        self.asked = 0
        self.closed = 0

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        steps = self._attempts[min(self.asked, len(self._attempts) - 1)]
        self.asked += 1
        try:
            for step in steps:
                if isinstance(step, ProviderError):
                    raise step
                yield step
        finally:
            self.closed += 1

    def complete(self, request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        return self.stream(request)

    def tool_mode(self, model: str) -> ToolMode:
        return "native"

    def learn(self, request: ModelRequest, error: ProviderError) -> str:
        return ""

    async def list_models(self) -> tuple[ModelInfo, ...]:
        return ()

    async def model_info(self, model: str) -> ModelInfo:
        return ModelInfo(MODEL)

    async def embed(self, model: str, texts: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
        return ()

    async def is_available(self) -> bool:
        return True

    async def aclose(self) -> None:
        pass


async def run(
    provider: Scripted, retries: int = 2
) -> tuple[list[AttemptEvent], list[float], ProviderError | None]:
    """All events, the waits, and the failure at the end."""
    events: list[AttemptEvent] = []
    waits: list[float] = []
    numbers = count(1)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    policy = RetryPolicy(retries)
    sending = Attempts(policy, Unlimited(), lambda: f"r{next(numbers)}", sleep)
    attempts = sending.stream(ModelRequest("", ()), chain_of((MODEL, provider)))
    try:
        async with aclosing(attempts):
            async for event in attempts:
                if not isinstance(event, AttemptEnded):
                    events.append(event)
    except ProviderError as error:
        return events, waits, error
    return events, waits, None


def failed(kind: ErrorKind, after_s: float | None = None) -> ProviderError:
    return ProviderError("failed", kind=kind, status=429, retry_after_s=after_s)


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
    assert waits == [0.001]


async def test_a_hint_of_more_than_a_minute_is_not_waited_for() -> None:
    provider = Scripted([failed("rate_limit", 61)], [END])
    _, waits, error = await run(provider)
    assert (waits, provider.asked) == ([], 1)
    assert error is not None
    assert error.retry_after_s == 61


@pytest.mark.parametrize("visible", [TextDelta("Hel"), ReasoningDelta("Hmm")])
async def test_nothing_is_asked_again_once_something_was_shown(visible: ProviderEvent) -> None:
    provider = Scripted([visible, failed("network")], [END])
    _, _, error = await run(provider)
    assert provider.asked == 1
    assert error is not None


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
    assert (error.kind, provider.asked, provider.closed) == ("network", 1, 1)


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
