"""One model request: attempts until an answer is complete or nothing is left to try."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from itertools import count
from typing import TypeAlias

import msgspec

from koi.core.agent_events import FellBack, RequestStarted, Retrying, Streamed
from koi.core.budgets import BudgetHeld, BudgetWarned
from koi.core.errors import ProviderError
from koi.core.messages import ModelRequest
from koi.core.provider_events import ReasoningDelta, StreamEnded, TextDelta
from koi.core.request_events import AttemptAction, AttemptEnded, CandidateState, ChainChanged
from koi.routing.backoff import RetryPolicy, wait_before_retry
from koi.routing.candidates import Candidate, Chain
from koi.routing.spending import Grant, Spending

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
    ) -> None:
        self._policy = policy
        self._spending = spending
        self._new_id = new_id
        self._sleep = sleep

    async def stream(
        self, request: ModelRequest, chain: Chain
    ) -> AsyncGenerator[AttemptEvent, None]:
        """Events of the attempts; the last one is Streamed(StreamEnded).

        `request` names no model: each candidate's is put in. Every RequestStarted is followed by
        one AttemptEnded. Raises the last ProviderError, AllCandidatesExhausted, LimitReached,
        and what the first model's `candidates` raises.
        """
        (candidate, *_) = await chain.first.candidates()
        for attempt in count(1):
            request_id = self._new_id()
            mode = candidate.provider.tool_mode(candidate.reference.model)
            mode = mode if request.tools else "off"
            grant = await self._spending.reserve(request_id, candidate, request)
            if isinstance(grant, BudgetHeld):
                yield grant
                grant = await self._spending.wait(request_id, candidate, request)
            for warning in grant.warnings:
                yield warning
            yield RequestStarted(
                request_id,
                candidate.reference,
                candidate.role,
                attempt,
                mode,
                candidate.key,
                grant.estimate,
            )
            log.debug("request %s: %s, attempt %d", request_id, candidate.reference, attempt)
            sent = _for_candidate(request, candidate, grant)
            started, visible = time.monotonic(), False
            try:
                async with aclosing(candidate.provider.stream(sent)) as events:
                    async for event in events:
                        visible = visible or isinstance(event, TextDelta | ReasoningDelta)
                        if isinstance(event, StreamEnded):
                            yield _ended(request_id, candidate, attempt, "done", started)
                        yield Streamed(request_id, event)
                        if isinstance(event, StreamEnded):
                            return
                raise ProviderError(
                    f"{candidate.reference}: the answer stopped before its end",
                    kind="network",
                    hint="What arrived is kept. Send the prompt again to continue.",
                    provider=candidate.reference.provider,
                    model=candidate.reference.model,
                )
            except ProviderError as error:
                if not visible and (taught := candidate.provider.learn(sent, error)):
                    reason = f"{error.title.rstrip('.')}; asked again {taught}"
                    yield _ended(request_id, candidate, attempt, "retry", started, error)
                    yield Retrying(candidate.reference, reason, error.status, 0.0, attempt)
                    continue
                wait = None if visible else wait_before_retry(error, attempt, self._policy)
                if wait is None:
                    yield _ended(request_id, candidate, attempt, "stop", started, error)
                    raise
                yield _ended(request_id, candidate, attempt, "retry", started, error, wait)
                yield Retrying(candidate.reference, error.title, error.status, wait, attempt)
                await self._sleep(wait)

    async def states(self, chain: Chain) -> tuple[CandidateState, ...]:
        """Every candidate of a chain as it is now; keys are looked for where they are not known."""
        found: list[CandidateState] = []
        for model in chain.models:
            for candidate in await model.candidates():
                found.append(CandidateState(candidate.reference, key=candidate.key))
        return tuple(found)


def _for_candidate(request: ModelRequest, candidate: Candidate, grant: Grant) -> ModelRequest:
    model = candidate.reference.model
    tools = request.tools if candidate.provider.tool_mode(model) != "off" else ()
    limit = request.max_tokens if grant.max_tokens is None else grant.max_tokens
    return msgspec.structs.replace(request, model=model, tools=tools, max_tokens=limit)


def _ended(
    request_id: str,
    candidate: Candidate,
    attempt: int,
    action: AttemptAction,
    started: float,
    error: ProviderError | None = None,
    wait_s: float = 0.0,
) -> AttemptEnded:
    seconds = time.monotonic() - started
    how = "ended" if error is None else f"{error.kind}, status {error.status}"
    log.debug("request %s: %s after %.3f s", request_id, how, seconds)
    return AttemptEnded(
        request_id=request_id,
        model=candidate.reference,
        role=candidate.role,
        attempt=attempt,
        action=action,
        key=candidate.key,
        kind=None if error is None else error.kind,
        reason="" if error is None else error.title,
        status=None if error is None else error.status,
        wait_s=wait_s,
        duration_s=seconds,
        billed=error is not None and error.answer_began,
    )
