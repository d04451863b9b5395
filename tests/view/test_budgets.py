"""Limits and prices in words."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from koi.core.budgets import BudgetUse
from koi.core.request_events import Estimate
from koi.view.budgets import estimate_text, share_text, spent_text
from koi.view.lines.cost import cost_pane_lines
from koi.view.requests import with_draft
from koi.view.state import ScreenState
from tests.view.screen import text


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (Estimate(1000, 4000, 0.012, 0.072), "≈ $0.012 + up to $0.060"),
        (Estimate(1000, None, 0.012, None), "≈ $0.012 + output"),
        (Estimate(1000, 4000), "price unknown"),
        (Estimate(1000, 4000, 0.0, 0.0), "free"),
    ],
)
def test_what_a_request_will_cost(estimate: Estimate, words: str) -> None:
    assert estimate_text(estimate) == words


def test_a_longer_prompt_costs_more() -> None:
    base = Estimate(1000, 4000, 0.010, 0.070)
    longer = with_draft(base, 400)
    assert longer is not None
    assert longer.input_tokens == 1100
    assert longer.input_usd == pytest.approx(0.011)
    assert longer.max_usd == pytest.approx(0.071)
    assert with_draft(Estimate(1000), 400) == Estimate(1100)
    assert with_draft(None, 400) is None


@pytest.mark.parametrize(
    ("use", "spent", "share"),
    [
        (BudgetUse("session_usd", 5.0, 0.41), "$0.410 of $5.00", "8% used"),
        (BudgetUse("day_usd", 20.0, 16.4, 0.2), "$16.40 + $0.200 held of $20.00", "82% used"),
        (BudgetUse("day_tokens", 1e6, 970_000), "970k of 1.0M", "nearly used up (97%)"),
        (BudgetUse("session_usd", 5.0, 5.02), "$5.02 of $5.00", "used up"),
    ],
)
def test_how_far_a_limit_is_used_up(use: BudgetUse, spent: str, share: str) -> None:
    assert (spent_text(use), share_text(use)) == (spent, share)


def test_limits_in_the_cost_pane() -> None:
    state = ScreenState(cell_len)
    state.requests.budgets = (
        BudgetUse("session_usd", 5.0, 0.41),
        BudgetUse("day_usd", 20.0, 19.4, 0.2),
    )
    assert text(cost_pane_lines(state, 37, 0.0), 37) == [
        "cost",
        "nothing spent yet",
        "session      $0.410 of $5.00, 8% used",
        "today  $19.40 + $0.200 held of $20.00",
        "                 nearly used up (97%)",
    ]


def test_a_low_pane_keeps_the_amounts() -> None:
    state = ScreenState(cell_len)
    state.requests.budgets = (BudgetUse("session_usd", 5.0, 0.41),)
    assert len(cost_pane_lines(state, 37, 0.0, 3)) == 3
