"""One model request: attempts until an answer is complete or nothing is left to try."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeAlias

from koi.core.agent_events import FellBack, RequestStarted, Retrying, Streamed
from koi.core.budgets import BudgetHeld, BudgetWarned
from koi.core.errors import KoiError, LimitReached, ProviderError
from koi.core.messages import ModelRequest, ToolCall
from koi.core.provider_events import (
    INTERRUPTED,
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallReady,
)
from koi.core.references import ModelReference
from koi.core.request_events import AttemptAction, AttemptEnded, CandidateState, ChainChanged
from koi.core.sending import note_left
from koi.routing.backoff import RetryPolicy, RetryTokens, is_transient, retry_wait
from koi.routing.candidates import Chain
from koi.routing.cooldowns import Cooldowns
from koi.routing.exchange import Exchange, for_candidate, stopped_short
from koi.routing.lineup import Lineup, Resting
from koi.routing.outcomes import Situation, what_follows
from koi.routing.spending import Spending
from koi.routing.step_log import StepLog

log = logging.getLogger(__name__)

AttemptEvent: TypeAlias = (
    RequestStarted
    | Streamed
    | AttemptEnded
    | Retrying
    | FellBack
    | ChainChanged
    | BudgetWarned
    | BudgetHeld
)


def new_request_id() -> str:
    """An id that no other request has."""
    return uuid.uuid4().hex[:12]


class Attempts:
    """Sends requests for one session. It knows which keys and models rest."""

    def __init__(
        self,
        policy: RetryPolicy,
        spending: Spending,
        new_id: Callable[[], str] = new_request_id,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        *,
        cooldowns: Cooldowns | None = None,
        tokens: RetryTokens | None = None,
    ) -> None:
        self._policy = policy
        self._spending = spending
        self._new_id = new_id
        self._sleep = sleep
        self._cooldowns = cooldowns or Cooldowns()
        self._tokens = tokens or RetryTokens()

    async def stream(
        self, request: ModelRequest, chain: Chain
    ) -> AsyncGenerator[AttemptEvent, None]:
        """Events of the attempts; the last one is Streamed(StreamEnded).

        `request` names no model: each candidate's is put in. Every RequestStarted is followed by
        one AttemptEnded. Raises the last ProviderError, AllCandidatesExhausted, LimitReached, and
        what the meant model's `candidates` raises. Any other that a limit bars is passed over.
        """
        self._cooldowns.refresh()
        lineup = Lineup(chain, self._cooldowns, request, self._spending.unfit)
        await lineup.open_meant()
        step = StepLog(self._policy, self._tokens)
        while True:
            candidate = await lineup.choose()
            if candidate is None:
                if changed := lineup.changed(None):
                    yield changed
                resting = await lineup.earliest()
                if resting is None or not step.is_worth_waiting(resting):
                    raise step.exhausted(lineup)
                if not resting.probing:
                    yield step.waiting(resting)
                await self._wait(resting, step)
                continue
            # Nothing may come between the choice and this: only one request probes.
            probing = self._cooldowns.begin(candidate)
            exchange = Exchange(candidate, self._new_id(), step.requests + 1, probing=probing)
            try:
                async with aclosing(self._exchange(request, exchange, lineup, step)) as events:
                    async for event in events:
                        yield event
            except LimitReached as reached:
                if candidate.reference == chain.meant.reference:
                    raise
                lineup.bar(candidate.reference, reached.title)
                if candidate.reference != chain.first.reference:
                    step.reached = step.reached or reached
                continue
            if exchange.over:
                return
            if exchange.failure is not None:
                if changed := lineup.changed(None):
                    yield changed
                raise exchange.failure
            if exchange.wait_s:
                if changed := lineup.changed(None):
                    yield changed
                await self._pause(exchange.wait_s, step)

    async def states(self, chain: Chain) -> tuple[CandidateState, ...]:
        """Every candidate of a chain as it is now; keys are looked for where they are not known."""
        self._cooldowns.refresh()
        lineup = Lineup(chain, self._cooldowns, unaffordable=self._spending.unfit)
        await lineup.open_all()
        return lineup.states()

    async def next_model(self, chain: Chain) -> ModelReference:
        """The model that a request would go to now. Keys are looked for as far as it needs them."""
        self._cooldowns.refresh()
        candidate = await Lineup(chain, self._cooldowns).choose()
        return chain.first.reference if candidate is None else candidate.reference

    def forget_rests(self) -> None:
        """Ask every model and key again from the next request on, as if none had failed."""
        self._cooldowns.forget()

    def forget_refusals(self) -> None:
        """Send refused keys again: they may have been mended."""
        self._cooldowns.forget_refusals()

    async def _exchange(
        self, request: ModelRequest, exchange: Exchange, lineup: Lineup, step: StepLog
    ) -> AsyncGenerator[AttemptEvent, None]:
        """One request; what follows it is in `exchange`."""
        candidate = exchange.candidate
        answered = False
        try:
            mode = candidate.provider.tool_mode(candidate.reference.model)
            mode = mode if request.tools else "off"
            grant = await self._spending.reserve(exchange.request_id, candidate, request)
            if isinstance(grant, BudgetHeld):
                yield grant
                grant = await self._spending.wait(exchange.request_id, candidate, request)
            for warning in grant.warnings:
                yield warning
            if changed := lineup.changed(candidate):
                yield changed
            if takes_over := step.takes_over(candidate, lineup):
                yield takes_over
            step.requests += 1
            note_left(False)
            yield RequestStarted(
                exchange.request_id,
                candidate.reference,
                candidate.role,
                exchange.attempt,
                mode,
                candidate.key,
                grant.estimate,
            )
            exchange.begun()
            sent = for_candidate(request, candidate, grant)
            try:
                async with aclosing(candidate.provider.stream(sent)) as events:
                    async for event in events:
                        if not answered:
                            self._cooldowns.succeed(candidate)
                            answered = True
                            if changed := lineup.changed(candidate):
                                yield changed
                        exchange.visible |= isinstance(event, TextDelta | ReasoningDelta)
                        if isinstance(event, StreamEnded):
                            self._tokens.earn()
                            exchange.over, exchange.finished = True, event.finish_reason
                            yield exchange.ended("done")
                        yield Streamed(exchange.request_id, event)
                        if exchange.over:
                            return
                raise stopped_short(candidate)
            except ProviderError as error:
                answered = True
                async for following in self._failed(sent, exchange, error, lineup, step):
                    yield following
            except KoiError as error:
                exchange.failure = error
                yield exchange.ended("stop", error)
        finally:
            if not answered:
                self._cooldowns.abandon(candidate)

    async def _failed(
        self,
        sent: ModelRequest,
        exchange: Exchange,
        error: ProviderError,
        lineup: Lineup,
        step: StepLog,
    ) -> AsyncGenerator[AttemptEvent, None]:
        candidate = exchange.candidate
        reference = candidate.reference
        if not exchange.visible and (taught := candidate.provider.learn(sent, error)):
            self._cooldowns.succeed(candidate)
            reason = f"{error.title.rstrip('.')}; asked again {taught}"
            yield exchange.ended("stop" if step.full else "retry", error)
            if step.full:
                exchange.failure = error
            else:
                yield Retrying(reference, reason, error.status, 0.0, exchange.attempt)
            return
        step.failed(candidate, error)
        wait = retry_wait(error, step.failures(reference), self._policy)
        other_model = not step.full and lineup.other_model(reference)
        situation = Situation(
            phase=exchange.phase(error),
            wait_s=wait,
            may_retry=step.may_retry(reference, wait, other_model=other_model),
            other_key=step.may_rotate(other_model=other_model) and lineup.other_key(candidate),
            key_changed=reference in step.key_changed,
            other_model=other_model,
            probing=exchange.probing and step.failures(reference) == 1,
            alone=lineup.alone,
        )
        outcome = what_follows(error, situation, self._policy)
        await self._cooldowns.take(candidate, error, outcome)
        match outcome.action:
            case "keep_calls":
                for call in (part for part in error.kept if isinstance(part, ToolCall)):
                    yield Streamed(exchange.request_id, ToolCallReady(call))
                yield exchange.ended("keep_calls", error)
                exchange.over = True
                end = StreamEnded("tool_calls", INTERRUPTED, error.kept)
                yield Streamed(exchange.request_id, end)
            case "retry":
                step.retry(reference)
                lineup.again(reference)
                exchange.wait_s = wait
                yield exchange.ended("retry", error, wait)
                yield Retrying(reference, error.title, error.status, wait, exchange.attempt)
            case "rotate":
                lineup.pass_on(candidate, for_good=error.kind == "billing")
                if outcome.refused:
                    step.key_changed.add(reference)
                step.rotated = True
                yield exchange.ended("rotate", error)
            case "fall_back":
                lineup.give_up(reference)
                if await lineup.choose() is None:
                    resting = await lineup.earliest()
                    if resting is None or not step.is_worth_waiting(resting):
                        exchange.failure = step.exhausted(lineup)
                action: AttemptAction = "stop" if exchange.failure else "fall_back"
                yield exchange.ended(action, error)
            case "compact" | "stop" | "done":
                yield exchange.ended(outcome.action, error)
                exchange.failure = error
                if outcome.action == "stop" and (outcome.refused or _may_pass(error)):
                    lineup.give_up(reference)
                    exchange.failure = step.exhausted(lineup)

    async def _wait(self, resting: Resting, step: StepLog) -> None:
        if not resting.probing:
            await self._pause(resting.seconds, step)
            return
        before = self._cooldowns.clock()
        await self._cooldowns.change()
        step.waited_s += self._cooldowns.clock() - before

    async def _pause(self, seconds: float, step: StepLog) -> None:
        before = self._cooldowns.clock()
        await self._cooldowns.pause(seconds, self._sleep)
        step.waited_s += self._cooldowns.clock() - before


def _may_pass(error: ProviderError) -> bool:
    return error.kind == "billing" or is_transient(error)
