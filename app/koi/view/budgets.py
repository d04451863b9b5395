"""Limits and prices in words: what is spent of a limit, and what a request will cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

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
UNKNOWN_OUTPUT = 4_096
"""Tokens that an answer is thought to have at most when nothing says how many."""
OUTPUT_TO_INPUT = 5
"""So many times the price of its input a request may cost when its output limit is unknown."""
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


def limit_name(limit: BudgetLimit) -> str:
    """A limit with its scope and unit, as a sentence begins."""
    return {
        "max_turns": "Requests of a turn",
        "max_cost": "Cost of the session (--max-cost)",
        "session_usd": "Limit of the session in USD",
        "session_tokens": "Limit of the session in tokens",
        "day_usd": "Limit of the day in USD",
        "day_tokens": "Limit of the day in tokens",
    }[limit]


def proposed_limit(limit: BudgetLimit, value: float, used: float, estimate: Estimate) -> float:
    """Twice the limit, or more when the next request would not fit under that either."""
    if limit == "max_turns":
        return max(1.0, 2 * value)
    if limit.endswith("tokens"):
        needed: float = estimate.input_tokens + (estimate.max_output_tokens or UNKNOWN_OUTPUT)
        return float(math.ceil(max(2 * value, used + 2 * needed)))
    needed = estimate.max_usd or OUTPUT_TO_INPUT * (estimate.input_usd or 0.0)
    return math.ceil(100 * max(2 * value, used + 2 * needed)) / 100


def budget_lines(uses: Sequence[BudgetUse]) -> list[str]:
    """Every limit with what is spent, held and left; how to set one when there is none."""
    how = "/budget session 5 or /budget day 20 sets one in USD, /budget day 1M tokens in tokens."
    if not uses:
        return ["No limit is set.", how]
    lines: list[str] = []
    for use in uses:
        left = limit_amount(use.limit, max(0.0, use.value - use.spent - use.reserved))
        lines.append(f"{limit_name(use.limit)}: {spent_text(use)}, {share_text(use)}, {left} left")
    return [
        *lines,
        "/budget session 5 changes one, off removes it, keep behind it keeps it for new sessions.",
    ]
