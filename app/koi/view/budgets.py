"""Limits and prices in words: what is spent of a limit, and what a request will cost."""

from __future__ import annotations

from koi.core.budgets import BudgetLimit, BudgetUse
from koi.core.request_events import Estimate
from koi.view.units import dollars, tokens

BUDGET_NAMES: dict[BudgetLimit, str] = {
    "max_turns": "--max-turns",
    "max_cost": "session",
    "session_usd": "session",
    "session_tokens": "session tokens",
    "day_usd": "today",
    "day_tokens": "tokens today",
}
WARN, NEARLY = 0.8, 0.95
"""Shares of a limit from which on it is shown in other colours."""


def limit_amount(limit: BudgetLimit, value: float) -> str:
    """An amount in the unit of its limit."""
    if limit.endswith("tokens"):
        return f"{tokens(round(value))} tokens"
    return f"{value:g} requests" if limit == "max_turns" else dollars(value)


def spent_text(use: BudgetUse) -> str:
    """Such as "$4.10 of $5.00", with what running requests hold."""
    if use.limit.endswith("tokens"):
        amounts = [tokens(round(value)) for value in (use.spent, use.reserved, use.value)]
    else:
        amounts = [dollars(value) for value in (use.spent, use.reserved, use.value)]
    held = f" + {amounts[1]} held" if use.reserved else ""
    return f"{amounts[0]}{held} of {amounts[2]}"


def share_text(use: BudgetUse) -> str:
    """How far a limit is used up, in words."""
    if use.share >= 1:
        return "used up"
    return f"nearly used up ({use.share:.0%})" if use.share >= NEARLY else f"{use.share:.0%} used"


def estimate_text(estimate: Estimate) -> str:
    """What a request will cost: its input, and its output at most."""
    if estimate.input_usd is None:
        return "price unknown"
    if not estimate.input_usd and not estimate.max_usd:
        return "free"
    about = f"≈ {dollars(estimate.input_usd)}"
    if estimate.max_usd is None:
        return f"{about} + output"
    return f"{about} + up to {dollars(estimate.max_usd - estimate.input_usd)}"
