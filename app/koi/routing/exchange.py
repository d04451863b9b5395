"""One exchange with one candidate: what is sent, what had come, and the event of its end."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

import msgspec

from koi.core.errors import KoiError, ProviderError
from koi.core.messages import ModelRequest
from koi.core.request_events import AttemptAction, AttemptEnded
from koi.routing.candidates import Candidate
from koi.routing.outcomes import Phase
from koi.routing.spending import Grant

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Exchange:
    """One request to one candidate, and what came of it."""

    candidate: Candidate
    request_id: str
    attempt: int
    started: float = 0.0
    probing: bool = False
    visible: bool = False
    over: bool = False
    """The step is done: an answer, or complete calls of one, stand."""
    finished: str = ""
    """The finish reason of its answer."""
    failure: KoiError | None = None
    """The step is done: nothing can be asked any more."""
    wait_s: float = 0.0

    def begun(self) -> None:
        """It is sent now."""
        self.started = time.monotonic()
        model = self.candidate.reference
        log.debug("request %s: %s, attempt %d", self.request_id, model, self.attempt)

    def phase(self, error: ProviderError) -> Phase:
        """What had come when it broke off."""
        if error.kept:
            return "calls"
        return "visible" if self.visible else "silent"

    def ended(
        self, action: AttemptAction, error: KoiError | None = None, wait_s: float = 0.0
    ) -> AttemptEnded:
        """Its last event."""
        seconds = time.monotonic() - self.started
        answer = error if isinstance(error, ProviderError) else None
        status = None if answer is None else answer.status
        how = self.finished if error is None else f"{action}: {error.kind}, status {status}"
        log.debug("request %s: %s after %.3f s", self.request_id, how, seconds)
        hint = 0.0 if answer is None else answer.retry_after_s or 0.0
        return AttemptEnded(
            request_id=self.request_id,
            model=self.candidate.reference,
            role=self.candidate.role,
            attempt=self.attempt,
            action=action,
            key=self.candidate.key,
            kind=None if error is None else error.kind,
            reason="" if error is None else error.title,
            status=status,
            wait_s=wait_s or hint,
            duration_s=seconds,
            billed=answer is not None and answer.billed,
        )


def for_candidate(request: ModelRequest, candidate: Candidate, grant: Grant) -> ModelRequest:
    """The request as one candidate gets it."""
    model = candidate.reference.model
    tools = request.tools if candidate.provider.tool_mode(model) != "off" else ()
    limit = request.max_tokens if grant.max_tokens is None else grant.max_tokens
    return msgspec.structs.replace(request, model=model, tools=tools, max_tokens=limit)


def stopped_short(candidate: Candidate) -> ProviderError:
    """The failure of a stream that ended without saying so."""
    failed = ProviderError(
        f"{candidate.reference}: the answer stopped before its end",
        kind="network",
        hint="What arrived is kept. Send the prompt again to continue.",
        provider=candidate.reference.provider,
        model=candidate.reference.model,
    )
    failed.answer_began = True
    return failed
