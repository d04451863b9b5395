"""How long to wait before the same model is asked again."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec

from koi.core.errors import ErrorKind, ProviderError

TRANSIENT: frozenset[ErrorKind] = frozenset({"rate_limit", "overloaded", "timeout", "network"})
"""Failures that another attempt may cure; a stream that was cut is `network`."""

LONGEST_WAIT_S = 60.0
"""A server that asks for a longer wait is not waited for."""


class RetryPolicy(msgspec.Struct, frozen=True):
    """How often and how patiently; `[reliability]` of the configuration."""

    retries: int = 2
    backoff_s: float = 0.5
    backoff_limit_s: float = 10.0


def wait_before_retry(
    error: ProviderError,
    attempt: int,
    policy: RetryPolicy,
    uniform: Callable[[float, float], float] = random.uniform,
) -> float | None:
    """Seconds to wait after failed attempt number `attempt` (from 1), or None: do not retry.

    The server's own hint wins. Without one, equal jitter: half of the exponential step is fixed,
    half random.
    """
    if error.kind not in TRANSIENT or attempt > policy.retries:
        return None
    hint = error.retry_after_s
    if hint is not None:
        return hint if hint <= LONGEST_WAIT_S else None
    step: float = min(policy.backoff_s * 2 ** (attempt - 1), policy.backoff_limit_s)
    return step / 2 + uniform(0, step / 2)
