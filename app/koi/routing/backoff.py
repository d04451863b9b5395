"""How long to wait before the same model is asked again, and how often that may be."""

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
    """For each model in a step."""
    backoff_s: float = 0.5
    backoff_limit_s: float = 10.0
    cooldown_s: float = 60.0
    """How long a model or key rests when its server named no time; 0: not at all."""
    fallback_on_auth: bool = False
    """Another model may take over when a key is refused."""


class RetryTokens:
    """Bounds the retries of a process: one in ten requests, once a first stock is used up."""

    def __init__(self, stock: float = 10.0, refill: float = 0.1) -> None:
        self._stock = self._left = stock
        self._refill = refill

    def fill(self) -> None:
        """Start with the whole stock again."""
        self._left = self._stock

    @property
    def left(self) -> bool:
        """True when one more retry may be made."""
        return self._left >= 1

    def spend(self) -> None:
        """A retry is made."""
        self._left -= 1

    def earn(self) -> None:
        """A request went well."""
        self._left = min(self._stock, self._left + self._refill)


PROCESS_TOKENS = RetryTokens()
"""Those of this process, over all its sessions."""


def is_transient(error: ProviderError) -> bool:
    """True when the same request may go well later: also after a stream that was damaged.

    A `protocol` failure before an answer had begun (a web page, endless data) stays as it is.
    """
    return error.kind in TRANSIENT or (error.kind == "protocol" and error.answer_began)


def retry_wait(
    error: ProviderError,
    failures: int,
    policy: RetryPolicy,
    uniform: Callable[[float, float], float] = random.uniform,
) -> float:
    """Seconds to wait after failure number `failures` (from 1) of a model.

    The server's own hint wins. Without one, equal jitter: half of the exponential step is fixed,
    half random.
    """
    if error.retry_after_s is not None:
        return error.retry_after_s
    step: float = min(policy.backoff_s * 2 ** (failures - 1), policy.backoff_limit_s)
    return step / 2 + uniform(0, step / 2)


def wait_before_retry(
    error: ProviderError,
    failures: int,
    policy: RetryPolicy,
    uniform: Callable[[float, float], float] = random.uniform,
) -> float | None:
    """The wait where there is only one model with one key, or None: do not retry."""
    if not is_transient(error) or failures > policy.retries:
        return None
    wait = retry_wait(error, failures, policy, uniform)
    return wait if wait <= LONGEST_WAIT_S else None
