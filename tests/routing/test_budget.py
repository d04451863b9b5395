"""What is held before a request is sent, and what stops it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from koi.core.budgets import Amounts, BudgetHeld, BudgetLimit
from koi.core.errors import LimitReached, UsageError
from koi.core.messages import Message, ModelRequest, Text
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.core.usage import Price, Usage
from koi.routing.budget import Budget, Patience
from koi.routing.candidates import Candidate
from koi.routing.limits import BudgetLimits
from koi.routing.spending import Grant
from koi.store.ledger import read_ledger
from tests.agent.conftest import ScriptedProvider

MODEL = ModelReference("scripted", "one")
CANDIDATE = Candidate(MODEL, ScriptedProvider())
PRICE = Price(1.0, 10.0)
"""USD per million tokens."""
THOUSAND = "x" * (2 * (1_000 - 512) - 12 - 2)
"""With what stands around it, and what a provider may add, 1,000 tokens at most."""


def request(text: str = THOUSAND, max_tokens: int | None = None) -> ModelRequest:
    return ModelRequest("", (Message("user", (Text(text),)),), max_tokens=max_tokens)


MakeBudget = Callable[..., Budget]


@pytest.fixture
def make_budget(tmp_path: Path) -> MakeBudget:
    """Builds a budget over the test's own ledger."""

    def make(
        limits: dict[BudgetLimit, float] | None = None,
        price: Price | None = PRICE,
        output: int | None = 2_000,
        window: int | None = None,
        spent: Amounts | None = None,
        patience: Patience | None = None,
    ) -> Budget:
        async def price_of(model: ModelReference) -> Price | None:
            return price

        def info(model: ModelReference) -> ModelInfo:
            return ModelInfo(model, context_window=window, max_output_tokens=output)

        return Budget(
            "s1",
            tmp_path / "data" / "ledger.jsonl",
            price_of,
            info,
            BudgetLimits(limits or {}),
            spent,
            patience or Patience(longest_s=0.0, poll_s=0.0),
        )

    return make


async def granted(budget: Budget, request_id: str = "r1", **asked: int) -> Grant:
    grant = await budget.reserve(request_id, CANDIDATE, request(**asked))  # type: ignore[arg-type]
    assert isinstance(grant, Grant)
    return grant


async def test_without_limits_nothing_is_read_locked_or_clamped(
    make_budget: MakeBudget, tmp_path: Path
) -> None:
    grant = await granted(make_budget())
    assert grant.max_tokens is None
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("limit", ["max_cost", "session_usd", "day_usd"])
async def test_the_output_limit_is_clamped_to_what_is_left(
    make_budget: MakeBudget, limit: BudgetLimit
) -> None:
    budget = make_budget({limit: 0.016001})
    assert (await granted(budget)).max_tokens == 1_500


@pytest.mark.parametrize("limit", ["session_tokens", "day_tokens"])
async def test_tokens_are_clamped_too(make_budget: MakeBudget, limit: BudgetLimit) -> None:
    assert (await granted(make_budget({limit: 2_500}))).max_tokens == 1_500


async def test_the_lower_of_two_limits_counts(make_budget: MakeBudget) -> None:
    limits = {"max_cost": 0.016501, "session_usd": 5.0, "day_tokens": 1_000_000}
    assert (await granted(make_budget(limits))).max_tokens == 1_550


@pytest.mark.parametrize("limit", ["session_usd", "day_usd"])
async def test_a_request_with_too_little_room_is_not_sent(
    make_budget: MakeBudget, limit: BudgetLimit
) -> None:
    budget = make_budget({limit: 0.011})
    with pytest.raises(LimitReached, match="leaves no room") as stopped:
        await granted(budget)
    assert (stopped.value.limit, stopped.value.value) == (limit, 0.011)
    (use,) = budget.uses()
    assert (use.spent, use.reserved) == (0, 0)


async def test_what_the_session_cost_before_counts(make_budget: MakeBudget) -> None:
    budget = make_budget({"session_usd": 1.0}, spent=Amounts(1.0, 10))
    with pytest.raises(LimitReached, match=r"is reached: \$1.0000 of \$1.0000"):
        await granted(budget)


async def test_an_unknown_price_stops_a_limit_in_usd(make_budget: MakeBudget) -> None:
    with pytest.raises(LimitReached, match="price of scripted/one is not known") as stopped:
        await granted(make_budget({"day_usd": 1.0}, price=None))
    assert "[pricing." in stopped.value.hint
    await granted(make_budget({"day_tokens": 100_000}, price=None))


async def test_a_model_without_a_price_is_unfit_under_a_limit_in_usd(
    make_budget: MakeBudget,
) -> None:
    why = "its price is not known, and the day's limit in USD is set"
    assert await make_budget({"day_usd": 1.0}, price=None).unfit(MODEL) == why
    assert await make_budget({"day_tokens": 1.0}, price=None).unfit(MODEL) == ""
    assert await make_budget({"day_usd": 1.0}).unfit(MODEL) == ""


async def test_what_is_longer_than_the_window_holds_no_more_than_the_window(
    make_budget: MakeBudget,
) -> None:
    budget = make_budget({"day_tokens": 10_000}, window=500)
    await granted(budget)
    assert budget.uses()[0].reserved == 500 + 2_000


async def test_a_free_model_is_not_stopped_by_usd(make_budget: MakeBudget) -> None:
    grant = await granted(make_budget({"day_usd": 0.0}, price=Price(0, 0), output=None))
    assert grant.max_tokens is None


@pytest.mark.parametrize(
    ("window", "usd", "sent", "held"),
    [
        (None, 9.0, None, 0.001 + 0.32768),
        (None, 0.3, 8_192, 0.001 + 0.08192),
        (None, 0.031001, 3_000, 0.031),
        (5_000, 9.0, None, 0.001 + 0.04756),
    ],
)
async def test_an_unknown_output_limit_is_assumed(
    make_budget: MakeBudget, window: int | None, usd: float, sent: int | None, held: float
) -> None:
    budget = make_budget({"day_usd": usd}, output=None, window=window)
    assert (await granted(budget)).max_tokens == sent
    assert budget.uses()[0].reserved == pytest.approx(held)


@pytest.mark.parametrize("limit", ["session_usd", "day_usd"])
async def test_settling_frees_what_was_held_and_counts_what_was_used(
    make_budget: MakeBudget, tmp_path: Path, limit: BudgetLimit
) -> None:
    budget = make_budget({limit: 1.0})
    await granted(budget)
    (use,) = budget.uses()
    assert use.reserved == pytest.approx(0.021)
    await budget.settle("r1", MODEL, "executor", Usage(1_000, output_tokens=100))
    (use,) = budget.uses()
    assert use.spent == pytest.approx(0.002)
    assert use.reserved == 0
    (entry,) = read_ledger(tmp_path / "data" / "ledger.jsonl").entries
    assert (entry.request_id, entry.ok) == ("r1", True)


@pytest.mark.parametrize("limit", ["session_usd", "day_usd"])
async def test_side_by_side_requests_do_not_take_the_same_money(
    make_budget: MakeBudget, limit: BudgetLimit
) -> None:
    budget = make_budget({limit: 0.05})
    tried = [budget.reserve(f"r{n}", CANDIDATE, request()) for n in range(5)]
    results = await asyncio.gather(*tried)
    assert [type(result) for result in results] == [Grant, Grant, *[BudgetHeld] * 3]
    (use,) = budget.uses()
    assert use.reserved <= 0.05


async def test_one_that_waits_goes_on_once_another_is_done(make_budget: MakeBudget) -> None:
    budget = make_budget({"day_usd": 0.022}, patience=Patience(60.0, 0.0))
    other = make_budget({"day_usd": 0.022})
    await granted(other)
    held = await budget.reserve("mine", CANDIDATE, request())
    assert isinstance(held, BudgetHeld)
    assert "held by requests that still run" in held.message
    waiting = asyncio.create_task(budget.wait("mine", CANDIDATE, request()))
    other.release("r1")
    assert isinstance(await waiting, Grant)


async def test_one_that_waits_too_long_is_stopped(make_budget: MakeBudget) -> None:
    budget, other = make_budget({"day_usd": 0.022}), make_budget({"day_usd": 0.022})
    await granted(other)
    with pytest.raises(LimitReached, match="requests that still run hold"):
        await budget.wait("mine", CANDIDATE, request())


async def test_interrupting_a_wait_holds_nothing(make_budget: MakeBudget) -> None:
    budget, other = (
        make_budget({"day_usd": 0.022}, patience=Patience(60, 0)),
        make_budget({"day_usd": 0.022}),
    )
    await granted(other)
    waiting = asyncio.create_task(budget.wait("mine", CANDIDATE, request()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    other.release("r1")
    await granted(other)


async def test_a_warning_is_told_once_for_each_share(make_budget: MakeBudget) -> None:
    budget = make_budget({"session_usd": 1.0})
    told = []
    for usd in (0.7, 0.12, 0.01, 0.13, 0.01):
        await budget.settle("r", MODEL, "executor", Usage(output_tokens=int(usd * 100_000)))
        told.append([(each.use.limit, each.share) for each in budget.warnings()])
    assert told == [[], [("session_usd", 0.8)], [], [("session_usd", 0.95)], []]


async def test_a_limit_can_be_raised_and_taken_away(make_budget: MakeBudget) -> None:
    budget = make_budget({"session_usd": 0.0})
    with pytest.raises(LimitReached):
        await granted(budget)
    budget.set_limit("session_usd", 1.0)
    await granted(budget)
    budget.set_limit("session_usd", None)
    assert budget.uses() == ()
    with pytest.raises(UsageError):
        budget.set_limit("max_turns", 3)
    with pytest.raises(UsageError):
        budget.set_limit("day_usd", -1.0)
