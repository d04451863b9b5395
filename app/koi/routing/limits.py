"""Whether a request fits under the limits, and with how much output. Plain arithmetic."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from koi.core.budgets import Amounts, BudgetLimit, BudgetUse

MINIMUM_OUTPUT = 1_024
"""Tokens: with less room for its answer a request is not sent."""
COMFORTABLE_OUTPUT = 4_096
"""Tokens: for so much room it is worth to wait until others are done."""

NAMES: dict[BudgetLimit, str] = {
    "max_turns": "--max-turns",
    "max_cost": "--max-cost",
    "session_usd": "the session's limit in USD",
    "session_tokens": "the session's limit in tokens",
    "day_usd": "the day's limit in USD",
    "day_tokens": "the day's limit in tokens",
}
SESSION_LIMITS: tuple[BudgetLimit, ...] = ("max_cost", "session_usd", "session_tokens")
DAY_LIMITS: tuple[BudgetLimit, ...] = ("day_usd", "day_tokens")


class BudgetLimits(msgspec.Struct, frozen=True):
    """The limits that are set, and the shares of them at which a warning is due."""

    values: dict[BudgetLimit, float] = {}
    """USD or tokens."""
    warn_at: tuple[float, ...] = (0.8, 0.95)


class Ask(msgspec.Struct, frozen=True):
    """The most that a request may cost, before its output limit is known."""

    input_tokens: int
    output_tokens: int
    """The output limit that is wanted."""
    input_usd: float = 0.0
    output_usd: float = 0.0
    """USD for one token of output."""
    careful_tokens: int | None = None
    """The most that is granted when not all that is wanted fits. None: as much as fits."""

    def amounts(self, output_tokens: int) -> Amounts:
        """What it costs at most with an output limit."""
        usd = self.input_usd + output_tokens * self.output_usd
        return Amounts(usd, self.input_tokens + output_tokens)


class Granted(msgspec.Struct, frozen=True):
    """It may be sent with this output limit."""

    output_tokens: int


class Full(msgspec.Struct, frozen=True):
    """It does not fit under this limit now. `passing`: it will once others are done."""

    use: BudgetUse
    passing: bool


Decision: TypeAlias = Granted | Full


def decide(ask: Ask, uses: tuple[BudgetUse, ...], *, patient: bool) -> Decision:
    """What is granted under all limits. `patient` would rather wait than have little room."""
    wanted = ask.output_tokens
    least = min(MINIMUM_OUTPUT, wanted)
    rooms = [(_room(ask, use, use.reserved), use) for use in uses]
    if not rooms:
        return Granted(wanted)
    room, tightest = min(rooms, key=lambda pair: pair[0])
    later = min(_room(ask, use, 0.0) for use in uses)
    waiting = room < later and later >= least
    if waiting and room < (min(COMFORTABLE_OUTPUT, wanted) if patient else least):
        return Full(tightest, passing=True)
    if room < least:
        return Full(tightest, passing=False)
    return Granted(wanted if room >= wanted else min(room, ask.careful_tokens or room))


def in_usd(limit: BudgetLimit) -> bool:
    """True for a limit in USD."""
    return limit not in ("max_turns", "session_tokens", "day_tokens")


def amount_words(limit: BudgetLimit, amount: float) -> str:
    """An amount in the unit of a limit."""
    return f"${amount:.4f}" if in_usd(limit) else f"{amount:,.0f} tokens"


def _room(ask: Ask, use: BudgetUse, reserved: float) -> int:
    """Tokens of output that fit under a limit, at most those that are wanted; -1: not even none."""
    left = use.value - use.spent - reserved
    if not in_usd(use.limit):
        return max(-1, min(ask.output_tokens, int(left) - ask.input_tokens))
    if ask.input_usd == 0 and ask.output_usd == 0:
        return ask.output_tokens
    rest = left - ask.input_usd
    if rest < 0:
        return -1
    if ask.output_usd == 0:
        return ask.output_tokens
    return int(min(ask.output_tokens, rest / ask.output_usd))
