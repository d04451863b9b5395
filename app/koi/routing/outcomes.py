"""What follows a failed attempt: one table, without effects."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from koi.core.errors import ProviderError
from koi.core.request_events import AttemptAction
from koi.routing.backoff import LONGEST_WAIT_S, RetryPolicy, is_transient

Phase: TypeAlias = Literal["silent", "visible", "calls"]
"""What had come when an attempt broke off: nothing to see, text or reasoning, a complete call."""
BILLING_REST_S = 3600.0
"""How long a key without credit rests when its server named no time."""


class Situation(msgspec.Struct, frozen=True):
    """Where a step stands when an attempt fails."""

    phase: Phase = "silent"
    wait_s: float = 0.0
    """Seconds that a retry would have to wait."""
    may_retry: bool = False
    """The model has retries left, and the step has requests and waiting time for one."""
    other_key: bool = False
    """Another key of the same model is ready."""
    key_changed: bool = False
    """The key was changed before in this step because one was refused."""
    other_model: bool = False
    """There are models that this step has not given up, ready or not."""
    probing: bool = False
    """The attempt was the one that tries whether a rest helped."""
    alone: bool = False
    """The chain is one model with one key: resting would only keep people from asking again."""


class Rest(msgspec.Struct, frozen=True):
    """What is not asked for some time: a key, or a model with all its keys."""

    scope: Literal["key", "model"]
    seconds: float
    hinted: bool
    """The server named the time: other processes and later ones keep it too."""


class Outcome(msgspec.Struct, frozen=True):
    """The next move, and what rests from now on. `refused`: the key is not sent again."""

    action: AttemptAction
    rest: Rest | None = None
    refused: bool = False


def what_follows(error: ProviderError, situation: Situation, policy: RetryPolicy) -> Outcome:
    """The outcome of a failure. Whoever waits before a retry waits `situation.wait_s` seconds."""
    outcome = _outcome(error, situation, policy)
    if situation.phase == "calls" and is_transient(error):
        return msgspec.structs.replace(outcome, action="keep_calls")
    return outcome


def _outcome(error: ProviderError, at: Situation, policy: RetryPolicy) -> Outcome:
    retries = at.may_retry and at.wait_s <= LONGEST_WAIT_S
    onward: AttemptAction = "fall_back" if at.other_model else "stop"
    match error.kind:
        case "rate_limit":
            if at.other_key:
                return Outcome("rotate", _rest("key", error, policy.cooldown_s, at))
            if retries:
                return Outcome("retry", _rest("key", error, 0.0, at))
            return Outcome(onward, _rest("key", error, policy.cooldown_s, at))
        case "billing":
            rest = _rest("key", error, BILLING_REST_S, at)
            return Outcome("rotate" if at.other_key else onward, rest)
        case "auth":
            if at.other_key and not at.key_changed:
                return Outcome("rotate", refused=True)
            return Outcome(onward if policy.fallback_on_auth else "stop", refused=True)
        case "context_overflow":
            return Outcome("compact")
        case _ if is_transient(error):
            if retries and not (at.probing and at.other_model):
                return Outcome("retry", _rest("model", error, 0.0, at))
            return Outcome(onward, _rest("model", error, policy.cooldown_s, at))
    return Outcome("stop")


def _rest(
    scope: Literal["key", "model"], error: ProviderError, unhinted_s: float, at: Situation
) -> Rest | None:
    """The server's hint, else `unhinted_s` seconds where something else can be asked instead."""
    if error.retry_after_s is not None:
        return Rest(scope, error.retry_after_s, hinted=True) if error.retry_after_s > 0 else None
    if at.alone or unhinted_s <= 0:
        return None
    return Rest(scope, unhinted_s, hinted=False)
