"""Attempts over several keys and models: who is asked, when, and who is left alone."""

from __future__ import annotations

import pytest

from koi.core.agent_events import FellBack, RequestStarted, Retrying
from koi.core.errors import (
    AllCandidatesExhausted,
    CredentialMissing,
    ErrorKind,
    LimitReached,
    ProviderError,
)
from koi.core.messages import Image, Message, ModelRequest, ToolSchema
from koi.core.references import ModelReference
from koi.core.request_events import ChainChanged, Routed
from koi.core.seams import ModelInfo
from koi.routing.backoff import RetryPolicy
from koi.routing.candidates import Candidate, Chain, ChainModel
from koi.routing.step_log import NO_YES, ONE_KEY
from tests.chains import Unlimited, chain_model, chain_of
from tests.routing.scripted import END, MODEL, OTHER, Ran, Scripted, Sending, failed, keys


class _Unpriced(Unlimited):
    """A budget in USD for models of which one has no price."""

    async def unfit(self, model: ModelReference) -> str:
        return "its price is not known" if model == OTHER else ""


LOOK = ToolSchema("look", "", {"type": "object"})


def asked_keys(ran: Ran) -> list[str]:
    return [event.key for event in ran.of(RequestStarted)]


async def test_the_third_key_is_sent_when_two_are_limited_and_the_first_after_its_rest() -> None:
    first = Scripted([failed("rate_limit", 30)], [END])
    second = Scripted([failed("rate_limit", 500)])
    third = Scripted([END])
    chain = Chain("executor", (keys(MODEL, first, second, third),))
    sending = Sending()
    ran = await sending.run(chain)
    assert asked_keys(ran) == ["key1", "key2", "key3"]
    assert (ran.actions, sending.clock.waits) == (["rotate", "rotate", "done"], [])
    assert asked_keys(await sending.run(chain)) == ["key3"]
    sending.clock.seconds += 30
    assert asked_keys(await sending.run(chain)) == ["key1"]


async def test_another_key_is_told_with_its_last_characters() -> None:
    chain = Chain("executor", (keys(MODEL, Scripted([failed("rate_limit", 9)]), Scripted([END])),))
    ran = await Sending().run(chain)
    assert ran.of(Retrying) == [Retrying(MODEL, "rate_limit trouble", None, 0.0, 1, "key2")]


async def test_a_model_that_fails_again_and_again_makes_way_for_the_next() -> None:
    broken, whole = Scripted([failed("overloaded")]), Scripted([END])
    sending = Sending()
    chain = chain_of((MODEL, broken), (OTHER, whole))
    ran = await sending.run(chain)
    assert (broken.asked, whole.asked) == (3, 1)
    assert ran.of(FellBack) == [FellBack(MODEL, OTHER, "overloaded trouble")]
    assert ran.actions == ["retry", "retry", "fall_back", "done"]
    await sending.run(chain)
    assert (broken.asked, whole.asked) == (3, 2)


THIRD = ModelReference("scripted", "third")
TOO_DEAR = "the session's limit in USD leaves no room"


def sending_within_limits(*too_dear: ModelReference) -> Sending:
    sending = Sending()
    sending.spending.too_dear = {model: LimitReached(TOO_DEAR) for model in too_dear}
    return sending


async def test_a_fallback_that_a_limit_has_no_room_for_makes_way_for_the_next() -> None:
    broken, dear, whole = Scripted([failed("overloaded")]), Scripted([END]), Scripted([END])
    chain = chain_of((MODEL, broken), (OTHER, dear), (THIRD, whole))
    ran = await sending_within_limits(OTHER).run(chain)
    assert (broken.asked, dear.asked, whole.asked) == (3, 0, 1)
    assert ran.of(FellBack) == [FellBack(MODEL, THIRD, "overloaded trouble")]
    assert [state.reason for state in ran.states] == ["overloaded trouble", TOO_DEAR, ""]


async def test_a_limit_stops_when_no_fallback_has_room_under_it() -> None:
    chain = chain_of((MODEL, Scripted([failed("overloaded")])), (OTHER, Scripted([END])))
    ran = await sending_within_limits(OTHER).run(chain)
    assert isinstance(ran.error, LimitReached)
    assert ran.of(FellBack) == []


@pytest.mark.parametrize("spending", [None, "unpriced"])
async def test_a_model_of_a_tier_that_a_limit_bars_makes_way_for_the_one_that_was_meant(
    spending: str | None,
) -> None:
    tier, whole = Scripted([END]), Scripted([END])
    chain = Chain(
        "executor",
        chain_of((OTHER, tier), (MODEL, whole)).models,
        Routed(MODEL, OTHER, "tier", "fast: a short question"),
    )
    sending = Sending(spending=_Unpriced()) if spending else sending_within_limits(OTHER)
    ran = await sending.run(chain)
    assert (ran.error, tier.asked, whole.asked) == (None, 0, 1)
    assert ran.states[0].condition == "unfit"


async def test_a_limit_stops_when_the_model_that_was_meant_has_no_room_under_it() -> None:
    cheap = Scripted([END])
    ran = await sending_within_limits(MODEL).run(chain_of((MODEL, Scripted([END])), (OTHER, cheap)))
    assert isinstance(ran.error, LimitReached)
    assert cheap.asked == 0


async def test_a_model_is_the_first_choice_again_when_it_answers_after_its_rest() -> None:
    first = Scripted(*[[failed("overloaded")]] * 3, [END])
    second = Scripted([END])
    sending = Sending()
    chain = chain_of((MODEL, first), (OTHER, second))
    await sending.run(chain)
    sending.clock.seconds += 60
    ran = await sending.run(chain)
    assert ran.conditions == [["probing", "unknown"], ["active", "unknown"]]
    await sending.run(chain)
    assert (first.asked, second.asked) == (5, 1)


async def test_a_model_that_fails_when_it_is_tried_after_its_rest_is_not_asked_twice() -> None:
    first, second = Scripted([failed("overloaded")]), Scripted([END])
    sending = Sending()
    chain = chain_of((MODEL, first), (OTHER, second))
    await sending.run(chain)
    sending.clock.seconds += 60
    ran = await sending.run(chain)
    assert ran.actions == ["fall_back", "done"]
    assert first.asked == 4


@pytest.mark.parametrize(
    "kind", ["bad_request", "model_not_found", "content_policy", "network_policy", "protocol"]
)
async def test_what_no_other_model_would_cure_stops(kind: ErrorKind) -> None:
    second = Scripted([END])
    ran = await Sending().run(chain_of((MODEL, Scripted([failed(kind)])), (OTHER, second)))
    assert (ran.actions, second.asked) == (["stop"], 0)
    assert isinstance(ran.error, ProviderError)
    assert ran.error.kind == kind


async def test_an_overflow_is_left_to_the_loop() -> None:
    ran = await Sending().run(chain_of((MODEL, Scripted([failed("context_overflow")]))))
    assert ran.actions == ["compact"]


async def test_a_refused_key_changes_the_key_once_and_never_the_provider() -> None:
    refused = [Scripted([failed("auth")]) for _ in range(3)]
    other = Scripted([END])
    chain = Chain("executor", (keys(MODEL, *refused), chain_model(Candidate(OTHER, other))))
    ran = await Sending().run(chain)
    assert ran.actions == ["rotate", "stop"]
    assert other.asked == 0


async def test_a_refused_key_is_not_sent_again_in_this_session() -> None:
    refused, good = Scripted([failed("auth")]), Scripted([END])
    sending = Sending()
    chain = Chain("executor", (keys(MODEL, refused, good),))
    await sending.run(chain)
    await sending.run(chain)
    assert (refused.asked, good.asked) == (1, 2)


async def test_another_provider_after_a_refused_key_needs_a_yes() -> None:
    chain = chain_of((MODEL, Scripted([failed("auth")])), (OTHER, Scripted([END])))
    ran = await Sending(RetryPolicy(fallback_on_auth=True)).run(chain)
    assert ran.actions == ["fall_back", "done"]


async def test_keys_that_a_refusal_kept_from_being_asked_are_named_with_what_has_them_asked() -> (
    None
):
    refused = [Scripted([failed("auth")]), Scripted([failed("auth")]), Scripted([END])]
    chain = Chain("executor", (keys(MODEL, *refused), chain_model(Candidate(OTHER, Scripted()))))
    sending = Sending()
    ran = await sending.run(chain)
    assert isinstance(ran.error, AllCandidatesExhausted)
    assert [(each.model, each.key, each.reason) for each in ran.error.attempts[2:]] == [
        ("scripted/one", "key3", f"not asked: {ONE_KEY}"),
        ("other/two", "", f"not asked: {NO_YES}"),
    ]
    assert "/retry" in ran.error.hint
    assert "fallback_on_auth" in ran.error.hint
    assert asked_keys(await sending.run(chain)) == ["key3"]


async def test_every_key_is_asked_once_when_those_before_it_have_no_credit() -> None:
    empty = [Scripted([failed("billing", 0.0)]), Scripted([failed("billing")])]
    ran = await Sending().run(Chain("executor", (keys(MODEL, *empty, Scripted([END])),)))
    assert asked_keys(ran) == ["key1", "key2", "key3"]
    assert ran.error is None


async def test_a_key_without_credit_is_not_asked_again_when_a_later_one_is_retried() -> None:
    empty, shaky = Scripted([failed("billing", 0.0)]), Scripted([failed("network")], [END])
    ran = await Sending().run(Chain("executor", (keys(MODEL, empty, shaky),)))
    assert asked_keys(ran) == ["key1", "key2", "key2"]


async def test_after_a_key_without_credit_a_refused_one_still_makes_way() -> None:
    servers = Scripted([failed("billing")]), Scripted([failed("auth")]), Scripted([END])
    ran = await Sending().run(Chain("executor", (keys(MODEL, *servers),)))
    assert asked_keys(ran) == ["key1", "key2", "key3"]


async def test_keys_without_credit_leave_the_last_request_to_another_model() -> None:
    empty = [Scripted([failed("billing")]) for _ in range(12)]
    chain = Chain("executor", (keys(MODEL, *empty), chain_model(Candidate(OTHER, Scripted([END])))))
    ran = await Sending().run(chain)
    assert ran.actions == [*["rotate"] * 8, "fall_back", "done"]


async def test_keys_beyond_the_tenth_request_are_named() -> None:
    ran = await Sending().run(
        Chain("executor", (keys(MODEL, *(Scripted([failed("billing")]) for _ in range(12))),))
    )
    assert isinstance(ran.error, AllCandidatesExhausted)
    assert ran.error.attempts[-1].reason == "not asked: a step sends 10 requests at most"


async def test_a_key_without_credit_rests_for_an_hour_and_makes_way_for_the_next() -> None:
    empty = [Scripted([failed("billing")]) for _ in range(3)]
    other = Scripted([END])
    sending = Sending()
    chain = Chain("executor", (keys(MODEL, *empty), chain_model(Candidate(OTHER, other))))
    ran = await sending.run(chain)
    assert ran.actions == ["rotate", "rotate", "fall_back", "done"]
    sending.clock.seconds += 3599
    await sending.run(chain)
    assert [provider.asked for provider in empty] == [1, 1, 1]


@pytest.mark.parametrize(
    ("request_", "info", "mode", "reason"),
    [
        (ModelRequest("", (), tools=(LOOK,)), ModelInfo(OTHER), "off", "it has no tools"),
        (
            ModelRequest("", (Message("user", (Image("image/png", b""),)),)),
            ModelInfo(OTHER, vision=False),
            "native",
            "it cannot see images",
        ),
        (
            ModelRequest("", (), system="word " * 1000),
            ModelInfo(OTHER, context_window=1000),
            "native",
            "the conversation is too long for it (1251 of 1000 tokens)",
        ),
    ],
)
async def test_a_model_that_cannot_do_it_is_passed_over(
    request_: ModelRequest, info: ModelInfo, mode: str, reason: str
) -> None:
    third = ModelReference("third", "three")
    unfit, last = Scripted([END], mode="off" if mode == "off" else "native"), Scripted([END])
    chain = Chain(
        "executor",
        (
            chain_model(Candidate(MODEL, Scripted([failed("overloaded")]))),
            chain_model(Candidate(OTHER, unfit), info=info),
            chain_model(Candidate(third, last)),
        ),
    )
    ran = await Sending().run(chain, request_)
    assert (unfit.asked, last.asked) == (0, 1)
    assert (ran.states[1].condition, ran.states[1].reason) == ("unfit", reason)


async def test_a_model_without_a_key_is_passed_over_with_its_reason() -> None:
    async def none() -> tuple[Candidate, ...]:
        raise CredentialMissing("no key for other")

    chain = Chain(
        "executor",
        (
            chain_model(Candidate(MODEL, Scripted([failed("overloaded")]))),
            ChainModel(OTHER, none, lambda: ModelInfo(OTHER)),
        ),
    )
    ran = await Sending().run(chain)
    assert isinstance(ran.error, AllCandidatesExhausted)
    last = ran.error.attempts[-1]
    assert (last.model, last.reason) == ("other/two", "not asked: no key for other")


async def test_the_first_models_own_error_is_raised_as_it_is() -> None:
    missing = CredentialMissing("no key for scripted")

    async def none() -> tuple[Candidate, ...]:
        raise missing

    chain = Chain(
        "executor",
        (
            ChainModel(MODEL, none, lambda: ModelInfo(MODEL)),
            chain_model(Candidate(OTHER, Scripted([END]))),
        ),
    )
    assert (await Sending().run(chain)).error is missing


async def test_a_short_rest_of_all_is_waited_for_and_counted_down() -> None:
    first, second = (
        Scripted([failed("overloaded", 50)], [END]),
        Scripted([failed("overloaded", 55)]),
    )
    sending = Sending(RetryPolicy(retries=0))
    chain = chain_of((MODEL, first), (OTHER, second))
    assert isinstance((await sending.run(chain)).error, AllCandidatesExhausted)
    sending.clock.seconds += 10
    ran = await sending.run(chain)
    assert ran.error is None
    assert ran.told[0] == Retrying(MODEL, "overloaded trouble", None, 40.0, 0)
    assert sending.clock.waits == [40.0]


async def test_a_long_rest_of_all_is_named_and_nothing_is_sent() -> None:
    provider = Scripted([failed("rate_limit", 500)])
    sending = Sending()
    await sending.run(chain_of((MODEL, provider)))
    ran = await sending.run(chain_of((MODEL, provider)))
    assert isinstance(ran.error, AllCandidatesExhausted)
    assert (ran.error.kind, ran.error.retry_after_s) == ("rate_limit", 500)
    assert "scripted/one may be asked again at " in ran.error.title
    assert provider.asked == 1


async def test_one_model_with_one_key_rests_only_when_its_server_said_so() -> None:
    provider = Scripted([failed("overloaded")], [END])
    sending = Sending(RetryPolicy(retries=0))
    await sending.run(chain_of((MODEL, provider)))
    ran = await sending.run(chain_of((MODEL, provider)))
    assert (ran.error, sending.clock.waits) == (None, [])


async def test_everything_that_failed_is_listed() -> None:
    chain = chain_of(
        (MODEL, Scripted([failed("overloaded")])), (OTHER, Scripted([failed("rate_limit", 90)]))
    )
    ran = await Sending().run(chain)
    assert isinstance(ran.error, AllCandidatesExhausted)
    lines = [(each.model, each.reason, each.wait_s) for each in ran.error.attempts]
    assert lines == [
        *[("scripted/one", "overloaded trouble", None)] * 3,
        ("other/two", "rate_limit trouble", 90),
    ]


async def test_no_step_sends_more_than_ten_requests() -> None:
    providers = [Scripted([failed("network")]) for _ in range(5)]
    models = [
        (ModelReference("p", str(number)), provider) for number, provider in enumerate(providers)
    ]
    ran = await Sending(RetryPolicy(retries=3)).run(chain_of(*models))
    assert sum(provider.asked for provider in providers) == 10
    assert len(ran.actions) == 10
    assert ran.actions[-1] == "stop"


async def test_a_model_that_can_never_be_asked_says_so_before_its_turn() -> None:
    async def nobody() -> tuple[Candidate, ...]:
        raise AssertionError("it is not asked for its keys")

    wrong = ChainModel(OTHER, nobody, lambda: ModelInfo(OTHER), "unknown provider 'nosuch'")
    broken = Scripted([failed("overloaded")])
    chain = Chain("executor", (keys(MODEL, broken), wrong))
    ran = await Sending(policy=RetryPolicy(retries=0)).run(chain)
    assert isinstance(ran.error, AllCandidatesExhausted)
    assert ran.error.attempts[-1].reason == "not asked: unknown provider 'nosuch'"


async def test_every_key_has_its_turn_before_the_first_is_asked_again_where_none_rests() -> None:
    limited = [Scripted([failed("rate_limit")]) for _ in range(3)]
    ran = await Sending(RetryPolicy(retries=1, cooldown_s=0)).run(
        Chain("executor", (keys(MODEL, *limited),))
    )
    assert asked_keys(ran) == ["key1", "key2", "key3", "key1", "key2", "key3"]
    assert isinstance(ran.error, AllCandidatesExhausted)
    assert len(ran.error.attempts) == 6


async def test_a_fallback_is_not_called_ready_before_anybody_looked_for_its_key() -> None:
    chain = chain_of((MODEL, Scripted([failed("rate_limit", 500)])), (OTHER, Scripted([END])))
    ran = await Sending().run(chain)
    assert ran.conditions[:2] == [["active", "unknown"], ["cooling", "active"]]


async def test_the_next_request_goes_to_the_first_model_that_does_not_rest() -> None:
    sending = Sending()
    chain = chain_of((MODEL, Scripted([failed("rate_limit", 500)])), (OTHER, Scripted([END])))
    assert await sending.attempts.next_model(chain) == MODEL
    await sending.run(chain)
    assert await sending.attempts.next_model(chain) == OTHER
    sending.clock.seconds += 500
    assert await sending.attempts.next_model(chain) == MODEL


async def test_a_time_that_the_server_named_does_not_cost_a_retry() -> None:
    first, second = Scripted([failed("overloaded", 2)]), Scripted([END])
    ran = await Sending().run(chain_of((MODEL, first), (OTHER, second)))
    assert ran.actions == ["retry", "retry", "fall_back", "done"]


async def test_a_fallback_that_the_budget_cannot_count_is_passed_over() -> None:
    third = ModelReference("third", "three")
    broken, whole = Scripted([failed("overloaded")]), Scripted([END])
    sending = Sending(RetryPolicy(retries=0), spending=_Unpriced())
    ran = await sending.run(chain_of((MODEL, broken), (OTHER, Scripted()), (third, whole)))
    assert ran.of(FellBack) == [FellBack(MODEL, third, "overloaded trouble")]
    assert ran.states[1].condition == "unfit"
    assert ran.states[1].reason == "its price is not known"


async def test_a_fallback_that_the_budget_cannot_count_is_in_the_list_of_what_was_tried() -> None:
    sending = Sending(RetryPolicy(retries=0), spending=_Unpriced())
    ran = await sending.run(
        chain_of((MODEL, Scripted([failed("overloaded")])), (OTHER, Scripted()))
    )
    assert isinstance(ran.error, AllCandidatesExhausted)
    assert ran.error.attempts[-1].reason == "not asked: its price is not known"


async def test_the_last_request_of_a_step_goes_to_a_model_that_was_not_asked() -> None:
    first, second = Scripted([failed("network")]), Scripted([END])
    ran = await Sending(RetryPolicy(retries=50)).run(chain_of((MODEL, first), (OTHER, second)))
    assert (ran.error, first.asked, second.asked) == (None, 9, 1)


async def test_a_key_that_is_waited_for_is_told_to_rest_before_the_wait() -> None:
    chain = Chain("executor", (keys(MODEL, Scripted([failed("rate_limit", 30)], [END])),))
    ran = await Sending().run(chain)
    assert ran.conditions == [["cooling"], ["probing"], ["active"]]
    (wait,) = ran.of(Retrying)
    assert ran.events.index(ran.of(ChainChanged)[0]) == ran.events.index(wait) + 1


async def test_another_model_that_answers_while_the_first_rests_is_told_with_the_reason() -> None:
    sending = Sending()
    chain = chain_of((MODEL, Scripted([failed("rate_limit", 500)])), (OTHER, Scripted([END])))
    await sending.run(chain)
    sending.clock.seconds += 100
    ran = await sending.run(chain)
    assert ran.of(FellBack) == [FellBack(MODEL, OTHER, "rate_limit trouble", 400.0)]
