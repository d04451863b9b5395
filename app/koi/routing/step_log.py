"""What one step has tried so far, how much more it may, and the error when nothing is left."""

from __future__ import annotations

import time
from collections import Counter

from koi.core.agent_events import FellBack, Retrying
from koi.core.errors import (
    AllCandidatesExhausted,
    FailedAttempt,
    KoiError,
    LimitReached,
    ProviderError,
)
from koi.core.references import ModelReference
from koi.core.request_events import CandidateState
from koi.routing.backoff import LONGEST_WAIT_S, RetryPolicy, RetryTokens
from koi.routing.candidates import Candidate
from koi.routing.lineup import Lineup, Resting

MOST_REQUESTS = 10
"""Requests of one step, over all models and keys."""
MOST_WAITING_S = 300.0
"""Seconds that one step waits, in sum."""

ASK_AT_ONCE = "/fallback retry, on koi's screen, asks before that time."

ONE_KEY = "after a refused key, one other is asked in a step"
NO_YES = "another model is asked after a refused key only with fallback_on_auth"


class StepLog:
    """The attempts of one step, and its limits."""

    def __init__(self, policy: RetryPolicy, tokens: RetryTokens) -> None:
        self._policy = policy
        self._tokens = tokens
        self._retries: Counter[ModelReference] = Counter()
        self._failed: list[FailedAttempt] = []
        self.requests = 0
        self.waited_s = 0.0
        self.key_changed: set[ModelReference] = set()
        """Models whose key was changed because one was refused."""
        self.last: ProviderError | None = None
        self.last_candidate: Candidate | None = None
        """Who was asked last."""
        self.reached: LimitReached | None = None
        """The limit under which a model that would have taken over did not fit."""
        self.rotated = False
        """The next request goes to another key of the same model."""

    @property
    def full(self) -> bool:
        """True when no more requests may be sent."""
        return self.requests >= MOST_REQUESTS

    def failures(self, reference: ModelReference) -> int:
        """Which failure of a model the next one is, counted from 1, for the length of a wait."""
        return self._retries[reference] + 1

    def may_wait(self, seconds: float) -> bool:
        """True when the step has so much waiting time, and a request, left."""
        return not self.full and self.waited_s + seconds <= MOST_WAITING_S

    def is_worth_waiting(self, resting: Resting) -> bool:
        """True when a candidate is back soon enough."""
        return resting.seconds <= LONGEST_WAIT_S and self.may_wait(resting.seconds)

    def waiting(self, resting: Resting) -> Retrying:
        """How it is told that a candidate is waited for."""
        candidate = resting.candidate
        reason, seconds = resting.reason, resting.seconds
        model, key = candidate.reference, candidate.key
        return Retrying(model, reason, None, seconds, self.requests, key)

    def may_retry(self, reference: ModelReference, wait_s: float, *, other_model: bool) -> bool:
        """True when a model may be asked once more after so many seconds.

        The last request of a step is for another model, where there is one.
        """
        if other_model and self.requests >= MOST_REQUESTS - 1:
            return False
        left = self._retries[reference] < self._policy.retries
        return left and self._tokens.left and self.may_wait(wait_s)

    def may_rotate(self, *, other_model: bool) -> bool:
        """True when another key may be asked. The last request is for another model here too."""
        return self.requests < MOST_REQUESTS - (1 if other_model else 0)

    def retry(self, reference: ModelReference) -> None:
        """A model is asked once more."""
        self._retries[reference] += 1
        self._tokens.spend()

    def failed(self, candidate: Candidate, error: ProviderError) -> None:
        """Note an attempt that failed."""
        self.last = error
        line = FailedAttempt(
            str(candidate.reference), candidate.key, error.title, error.status, error.retry_after_s
        )
        self._failed.append(line)

    def takes_over(self, candidate: Candidate, lineup: Lineup) -> Retrying | FellBack | None:
        """How it is told that another model, or another key, is asked than the one that failed or
        rests.
        """
        before, error = self.last_candidate, self.last
        self.last_candidate = candidate
        rotated, self.rotated = self.rotated, False
        reference = candidate.reference
        if before is None:
            rest = lineup.rest_of_first()
            if rest is None or rest.model == reference:
                return None
            return FellBack(rest.model, reference, rest.reason, rest.cooling_s)
        if error is None:
            return None
        if reference != before.reference:
            return FellBack(before.reference, reference, error.title)
        if not rotated:
            return None
        return Retrying(reference, error.title, error.status, 0.0, self.requests, candidate.key)

    def exhausted(self, lineup: Lineup) -> KoiError:
        """The error when nothing is left to try: the last one where there was no choice.

        A limit that kept a model from taking over: the person can raise it, and go on.
        """
        if self.reached is not None:
            return self.reached
        asked = {(line.model, line.key) for line in self._failed}
        unasked = [(state, self._why_not(state)) for state in lineup.not_asked(asked)]
        lines = (*self._failed, *(_unasked_line(state, why) for state, why in unasked if why))
        if self.last is not None and (lineup.alone or len(lines) == 1):
            return self.last
        resting = lineup.first_back()
        last = self.last or _resting_error(resting)
        title = "No model could answer" if self._failed else "No model may be asked now"
        if resting is None:
            hint = " ".join(filter(None, (last.hint, self._next_hint(unasked))))
            return AllCandidatesExhausted(title, last=last, attempts=lines, hint=hint)
        return AllCandidatesExhausted(
            f"{title}; {resting.candidate.reference} may be asked again {_when(resting.seconds)}",
            last=last,
            attempts=lines,
            hint=f"{last.hint} {ASK_AT_ONCE}".strip(),
            retry_after_s=resting.seconds,
        )

    def _why_not(self, state: CandidateState) -> str:
        """Why a candidate was not asked; "" when there is nothing to say of it."""
        if state.condition not in ("ready", "unknown"):
            return state.reason or state.condition.replace("_", " ")
        if self.full:
            return f"a step sends {MOST_REQUESTS} requests at most"
        if self.last is None or self.last.kind != "auth" or self.last_candidate is None:
            return ""
        return ONE_KEY if state.model == self.last_candidate.reference else NO_YES

    def _next_hint(self, unasked: list[tuple[CandidateState, str]]) -> str:
        """What has those asked that a refused key kept from it."""
        reasons = {why for _, why in unasked}
        keys = "/retry, on koi's screen, asks the next key." if ONE_KEY in reasons else ""
        models = "fallback_on_auth = true under [reliability] lets another model answer."
        return " ".join(filter(None, (keys, models if NO_YES in reasons else "")))


def _unasked_line(state: CandidateState, why: str) -> FailedAttempt:
    wait = state.cooling_s if state.condition == "cooling" else None
    return FailedAttempt(str(state.model), state.key, f"not asked: {why}", None, wait)


def _resting_error(resting: Resting | None) -> ProviderError:
    if resting is None:
        return ProviderError("every key was refused", kind="auth")
    reference = resting.candidate.reference
    return ProviderError(
        resting.reason,
        kind=resting.kind,
        provider=reference.provider,
        model=reference.model,
        retry_after_s=resting.seconds,
    )


def _when(seconds: float) -> str:
    """A time of day, with the date when it is not within a day."""
    form = "%H:%M:%S" if seconds < 24 * 3600 else "%Y-%m-%d %H:%M"
    return f"at {time.strftime(form, time.localtime(time.time() + seconds + 0.5))}"
