"""One model request: attempts until an answer is complete or nothing is left to try."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from itertools import count
from typing import TypeAlias

import msgspec

from koi.core.agent_events import RequestStarted, Retrying, Streamed
from koi.core.errors import ProviderError
from koi.core.messages import ModelRequest
from koi.core.provider_events import ReasoningDelta, StreamEnded, TextDelta
from koi.core.references import ModelReference
from koi.core.seams import Provider
from koi.routing.backoff import RetryPolicy, wait_before_retry

log = logging.getLogger(__name__)

AttemptEvent: TypeAlias = RequestStarted | Streamed | Retrying


class Candidate(msgspec.Struct, frozen=True):
    """A model that a request may go to, with the provider that reaches it."""

    reference: ModelReference
    provider: Provider
    role: str = "executor"


async def stream(
    request: ModelRequest,
    candidate: Candidate,
    policy: RetryPolicy,
    new_id: Callable[[], str],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncGenerator[AttemptEvent, None]:
    """Events of the attempts; the last one is Streamed(StreamEnded).

    A transient failure is retried only while nothing visible has arrived, so that no text is
    ever shown twice. Raises the last ProviderError.
    """
    for attempt in count(1):
        request_id = new_id()
        mode = candidate.provider.tool_mode(request.model) if request.tools else "off"
        yield RequestStarted(request_id, candidate.reference, candidate.role, attempt, mode)
        log.debug("request %s: %s, attempt %d", request_id, candidate.reference, attempt)
        started, visible = time.monotonic(), False
        try:
            async with aclosing(candidate.provider.stream(request)) as events:
                async for event in events:
                    visible = visible or isinstance(event, TextDelta | ReasoningDelta)
                    if isinstance(event, StreamEnded):
                        _log_end(request_id, event.finish_reason, started)
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
            _log_end(request_id, f"{error.kind}, status {error.status}", started)
            if not visible and (taught := candidate.provider.learn(request, error)):
                reason = f"{error.title.rstrip('.')}; asked again {taught}"
                yield Retrying(candidate.reference, reason, error.status, 0.0, attempt)
                continue
            wait = None if visible else wait_before_retry(error, attempt, policy)
            if wait is None:
                raise
            yield Retrying(candidate.reference, error.title, error.status, wait, attempt)
            await sleep(wait)


def _log_end(request_id: str, how: str, started: float) -> None:
    log.debug("request %s: %s after %.3f s", request_id, how, time.monotonic() - started)
