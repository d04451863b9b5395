"""How long koi waits before it asks the same model again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ErrorKind, ProviderError
from koi.routing.backoff import TRANSIENT, RetryPolicy, wait_before_retry

POLICY = RetryPolicy(retries=4, backoff_s=0.5, backoff_limit_s=10)


@given(st.sampled_from(sorted(TRANSIENT)), st.integers(1, 4), st.floats(0, 60))
def test_the_servers_hint_wins(kind: ErrorKind, attempt: int, hint: float) -> None:
    error = ProviderError("x", kind=kind, retry_after_s=hint)
    assert wait_before_retry(error, attempt, POLICY) == hint


def test_the_steps_double_up_to_a_limit_with_equal_jitter() -> None:
    error = ProviderError("x", kind="overloaded")
    lowest = [
        wait_before_retry(error, n, RetryPolicy(retries=9), lambda a, b: a) for n in range(1, 8)
    ]
    highest = [
        wait_before_retry(error, n, RetryPolicy(retries=9), lambda a, b: b) for n in range(1, 8)
    ]
    assert lowest == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert highest == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_attempts_are_counted() -> None:
    error = ProviderError("x", kind="timeout")
    assert wait_before_retry(error, 4, POLICY) is not None
    assert wait_before_retry(error, 5, POLICY) is None


def test_a_wait_over_a_minute_is_not_waited_for() -> None:
    error = ProviderError("x", kind="rate_limit", retry_after_s=61)
    assert wait_before_retry(error, 1, POLICY) is None


@pytest.mark.parametrize("kind", ["auth", "billing", "bad_request", "context_overflow", "protocol"])
def test_lasting_failures_are_not_retried(kind: ErrorKind) -> None:
    assert wait_before_retry(ProviderError("x", kind=kind), 1, POLICY) is None
