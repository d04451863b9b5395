"""What is written behind /budget: a limit, its amount, and whether the configuration keeps it."""

from __future__ import annotations

import math
from typing import NamedTuple

from koi.core.budgets import BudgetLimit
from koi.core.errors import UsageError

USAGE = (
    "Write /budget session 5 or /budget day 20 in USD, /budget day 1M tokens, "
    "/budget session off; with keep behind it also for new sessions."
)
_SCOPES = ("session", "day")
_TOKEN_WORDS = ("tokens", "token", "tok")
_FACTORS = {"k": 1_000, "m": 1_000_000}


class LimitChange(NamedTuple):
    """A limit of the session in USD or tokens; `value` None takes it away."""

    limit: BudgetLimit
    value: float | None
    keep: bool


def parse_limit(argument: str) -> LimitChange:
    """The change that the words mean. Raises UsageError for what is none."""
    words = [word for word in argument.lower().split() if word != "keep"]
    keep = len(words) < len(argument.split())
    in_tokens = any(word in _TOKEN_WORDS for word in words)
    words = [word for word in words if word not in _TOKEN_WORDS]
    if len(words) != 2 or words[0] not in _SCOPES:
        raise UsageError(f"/budget {argument}: which limit, and how much?", hint=USAGE)
    scope, amount = words
    limit = _limit(scope, in_tokens=in_tokens)
    if amount in ("off", "none"):
        return LimitChange(limit, None, keep)
    return LimitChange(limit, parse_amount(amount, in_tokens=in_tokens), keep)


def parse_amount(text: str, *, in_tokens: bool) -> float:
    """USD such as 5, $0.50, or tokens such as 200000, 200k, 1.5M. Raises UsageError."""
    number, factor = text.strip().lower().removeprefix("$").replace(",", "").replace("_", ""), 1
    if in_tokens and number[-1:] in _FACTORS:
        number, factor = number[:-1], _FACTORS[number[-1]]
    try:
        value = float(number) * factor
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise UsageError(f"'{text}' is no amount", hint=USAGE)
    return float(round(value)) if in_tokens else value


def _limit(scope: str, *, in_tokens: bool) -> BudgetLimit:
    if scope == "session":
        return "session_tokens" if in_tokens else "session_usd"
    return "day_tokens" if in_tokens else "day_usd"
