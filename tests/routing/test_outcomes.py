"""What follows a failure, for every kind in every situation."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ErrorKind, ProviderError
from koi.routing.backoff import LONGEST_WAIT_S, RetryPolicy, is_transient, retry_wait
from koi.routing.outcomes import BILLING_REST_S, Outcome, Phase, Rest, Situation, what_follows
from tests.routing.scripted import failed

KINDS: tuple[ErrorKind, ...] = get_args(ErrorKind)
STOPPING = ("bad_request", "model_not_found", "content_policy", "network_policy", "budget")
POLICY = RetryPolicy()
CHAIN = Situation(may_retry=True, other_key=True, other_model=True)


@st.composite
def errors(draw: st.DrawFn) -> ProviderError:
    hint = draw(st.none() | st.floats(0, 10_000))
    return failed(draw(st.sampled_from(KINDS)), hint, began=draw(st.booleans()))


situations = st.builds(
    Situation,
    phase=st.sampled_from(get_args(Phase)),
    wait_s=st.floats(0, 200),
    may_retry=st.booleans(),
    other_key=st.booleans(),
    key_changed=st.booleans(),
    other_model=st.booleans(),
    probing=st.booleans(),
    alone=st.booleans(),
)
policies = st.builds(
    RetryPolicy, cooldown_s=st.sampled_from([0.0, 60.0]), fallback_on_auth=st.booleans()
)


@given(errors(), situations, policies)
def test_every_move_is_one_that_is_left(
    error: ProviderError, at: Situation, policy: RetryPolicy
) -> None:
    outcome = what_follows(error, at, policy)
    match outcome.action:
        case "retry":
            assert at.may_retry
            assert at.wait_s <= LONGEST_WAIT_S
            assert is_transient(error)
        case "rotate":
            assert at.other_key
        case "fall_back":
            assert at.other_model
        case "keep_calls":
            assert at.phase == "calls"
            assert is_transient(error)
        case "compact":
            assert error.kind == "context_overflow"
        case action:
            assert action == "stop"


@given(errors(), situations, policies)
def test_a_hint_is_never_shortened_and_a_lone_candidate_rests_only_by_one(
    error: ProviderError, at: Situation, policy: RetryPolicy
) -> None:
    rest = what_follows(error, at, policy).rest
    if error.retry_after_s and (is_transient(error) or error.kind == "billing"):
        assert rest is not None
        assert (rest.seconds, rest.hinted) == (error.retry_after_s, True)
    elif rest is not None:
        assert not rest.hinted
        assert not at.alone
        assert rest.seconds in (policy.cooldown_s, BILLING_REST_S)


@given(st.sampled_from(STOPPING), situations, policies, st.booleans())
def test_what_nothing_cures_stops_and_lets_nothing_rest(
    kind: ErrorKind, at: Situation, policy: RetryPolicy, began: bool
) -> None:
    assert what_follows(failed(kind, 5, began=began), at, policy) == Outcome("stop")


@given(situations, st.booleans())
def test_a_refused_key_is_refused_for_good_and_asks_before_it_changes_the_model(
    at: Situation, yes: bool
) -> None:
    outcome = what_follows(failed("auth"), at, RetryPolicy(fallback_on_auth=yes))
    assert outcome.refused
    assert outcome.action in ("rotate", "stop", *(["fall_back"] if yes else []))


@pytest.mark.parametrize(
    ("error", "change", "outcome"),
    [
        (failed("rate_limit", 9), {}, Outcome("rotate", Rest("key", 9, True))),
        (failed("rate_limit"), {}, Outcome("rotate", Rest("key", 60, False))),
        (failed("rate_limit", 9), {"other_key": False}, Outcome("retry", Rest("key", 9, True))),
        (failed("rate_limit"), {"other_key": False}, Outcome("retry")),
        (
            failed("rate_limit", 61),
            {"other_key": False, "wait_s": 61},
            Outcome("fall_back", Rest("key", 61, True)),
        ),
        (failed("billing"), {}, Outcome("rotate", Rest("key", 3600, False))),
        (failed("billing"), {"key_changed": True}, Outcome("rotate", Rest("key", 3600, False))),
        (failed("billing"), {"other_key": False}, Outcome("fall_back", Rest("key", 3600, False))),
        (failed("auth"), {}, Outcome("rotate", refused=True)),
        (failed("auth"), {"key_changed": True}, Outcome("stop", refused=True)),
        (failed("overloaded"), {}, Outcome("retry")),
        (
            failed("overloaded"),
            {"may_retry": False},
            Outcome("fall_back", Rest("model", 60, False)),
        ),
        (failed("timeout"), {"probing": True}, Outcome("fall_back", Rest("model", 60, False))),
        (failed("network"), {"probing": True, "other_model": False}, Outcome("retry")),
        (failed("protocol", began=True), {}, Outcome("retry")),
        (failed("protocol"), {}, Outcome("stop")),
        (failed("network"), {"phase": "calls"}, Outcome("keep_calls")),
        (failed("content_policy"), {"phase": "calls"}, Outcome("stop")),
        (failed("context_overflow"), {}, Outcome("compact")),
    ],
)
def test_the_table(error: ProviderError, change: dict[str, object], outcome: Outcome) -> None:
    assert what_follows(error, msgspec.structs.replace(CHAIN, **change), POLICY) == outcome


@given(st.floats(0, 100), st.integers(1, 9))
def test_a_wait_is_the_hint_and_never_less(hint: float, failures: int) -> None:
    assert retry_wait(failed("overloaded", hint), failures, POLICY) == hint
