"""Whether a request fits, and what several of them may hold and spend together."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Literal, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.budgets import Amounts, BudgetLimit, BudgetUse
from koi.core.errors import LimitReached
from koi.core.messages import Message, ModelRequest, Text
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.core.usage import Price, Usage
from koi.routing.budget import Budget, Patience
from koi.routing.candidates import Candidate
from koi.routing.limits import Ask, BudgetLimits, Full, Granted, decide
from koi.routing.spending import Grant
from koi.store.ledger import read_ledger
from tests.agent.conftest import ScriptedProvider

MODEL = ModelReference("scripted", "one")
CANDIDATE = Candidate(MODEL, ScriptedProvider())
ASK = Ask(input_tokens=1_000, output_tokens=8_000, input_usd=0.001, output_usd=0.00001)
"""At most 0.081 USD and 9,000 tokens."""


def usd(value: float, spent: float = 0.0, reserved: float = 0.0) -> BudgetUse:
    return BudgetUse("day_usd", value, spent, reserved)


@pytest.mark.parametrize(
    ("use", "output"),
    [
        (usd(1.0), 8_000),
        (usd(0.0511), 5_000),
        (usd(1.0, spent=0.9489), 5_000),
        (usd(1.0, reserved=0.9189), 8_000),
        (usd(0.0513, reserved=0.01), 4_000),
        (BudgetUse("day_tokens", 6_000, 0.0), 5_000),
        (BudgetUse("session_tokens", 6_500, 500, 1_000), 4_000),
    ],
)
def test_a_request_gets_the_output_that_fits(use: BudgetUse, output: int) -> None:
    decision = decide(ASK, (use,), patient=False)
    assert isinstance(decision, Granted)
    assert decision.output_tokens == pytest.approx(output, rel=0.01)


@pytest.mark.parametrize("use", [usd(0.01), usd(0.0005), usd(1.0, spent=1.5), usd(0.0)])
def test_too_little_is_nothing(use: BudgetUse) -> None:
    assert decide(ASK, (use,), patient=True) == Full(use, passing=False)


def test_what_others_hold_passes() -> None:
    use = usd(0.1, reserved=0.08)
    assert decide(ASK, (use,), patient=True) == Full(use, passing=True)
    assert isinstance(decide(ASK, (use,), patient=False), Granted)
    full = usd(0.1, reserved=0.099)
    assert decide(ASK, (full,), patient=False) == Full(full, passing=True)


def test_a_short_answer_needs_little_room() -> None:
    short = Ask(100, 16, 0.0001, 0.00001)
    assert decide(short, (usd(0.001),), patient=True) == Granted(16)


amounts = st.floats(0, 2, allow_nan=False)


@given(
    ask=st.builds(
        Ask,
        input_tokens=st.integers(0, 100_000),
        output_tokens=st.integers(1, 100_000),
        input_usd=st.floats(0, 1),
        output_usd=st.floats(0, 0.001),
    ),
    uses=st.lists(
        st.builds(
            BudgetUse,
            limit=st.sampled_from(["max_cost", "session_usd", "day_usd"]),
            value=amounts,
            spent=amounts,
            reserved=amounts,
        )
        | st.builds(
            BudgetUse,
            limit=st.sampled_from(["session_tokens", "day_tokens"]),
            value=st.integers(0, 200_000),
            spent=st.integers(0, 200_000),
            reserved=st.integers(0, 100_000),
        ),
        max_size=4,
    ),
    patient=st.booleans(),
)
def test_what_is_granted_fits_under_every_limit(
    ask: Ask, uses: list[BudgetUse], patient: bool
) -> None:
    decision = decide(ask, tuple(uses), patient=patient)
    if isinstance(decision, Full):
        assert decision.use in uses
        return
    assert 0 < decision.output_tokens <= ask.output_tokens
    most = ask.amounts(decision.output_tokens)
    for use in uses:
        needed = most.usd if use.limit.endswith(("usd", "cost")) else most.tokens
        assert not needed or use.spent + use.reserved + needed <= use.value * (1 + 1e-9)


Step: TypeAlias = tuple[Literal["reserve", "settle", "release"], int, float]
steps = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "reserve", "settle", "release"]),
        st.integers(0, 2),
        st.floats(0, 1),
    ),
    max_size=40,
)
PRICE = Price(1.0, 10.0, cache_write_per_mtok=1.25)


def budget_in(folder: Path, limits: dict[BudgetLimit, float]) -> Budget:
    async def price_of(model: ModelReference) -> Price | None:
        return PRICE

    def info(model: ModelReference) -> ModelInfo:
        return ModelInfo(model, max_output_tokens=6_000)

    spent, patience = Amounts(), Patience(0.0, 0.0)
    limited = BudgetLimits(limits)
    return Budget("s", folder / "ledger.jsonl", price_of, info, limited, spent, patience)


async def play(folder: Path, steps: list[Step], limits: dict[BudgetLimit, float]) -> None:
    """Three sessions at the same ledger; no step may bring one over a limit."""
    budgets = [budget_in(folder, limits) for _ in range(3)]
    granted: list[list[tuple[str, Grant, int]]] = [[], [], []]
    for number, (what, who, share) in enumerate(steps):
        budget, mine = budgets[who], granted[who]
        if what == "reserve":
            size = int(share * 9_000)
            request = ModelRequest("", (Message("user", (Text("x" * size),)),))
            try:
                grant = await budget.reserve(str(number), CANDIDATE, request)
            except LimitReached:
                continue
            if isinstance(grant, Grant):
                mine.append((str(number), grant, grant.max_tokens or 6_000))
        elif mine and what == "release":
            budget.release(mine.pop(0)[0])
        elif mine:
            request_id, grant, output = mine.pop()
            used = Usage(
                cache_write_tokens=int(grant.estimate.input_tokens * share),
                output_tokens=int(output * share),
            )
            await budget.settle(request_id, MODEL, "executor", used)
        for each in budgets:
            for use in each.uses():
                assert use.spent + use.reserved <= use.value * (1 + 1e-9)
    entries = read_ledger(folder / "ledger.jsonl").entries
    for budget in budgets:
        for use in budget.uses():
            if use.limit == "day_usd":
                assert use.spent == pytest.approx(sum(one.cost_usd or 0 for one in entries))


@given(steps=steps)
def test_no_order_of_requests_goes_over_a_limit(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        limits: dict[BudgetLimit, float] = {"day_usd": 0.2, "session_tokens": 20_000}
        asyncio.run(play(Path(folder), steps, limits))
