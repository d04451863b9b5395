"""Limits on what may be spent, and how far they are used up."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

BudgetLimit: TypeAlias = Literal[
    "max_turns", "max_cost", "session_usd", "session_tokens", "day_usd", "day_tokens"
]
"""The first two are options of the command line, the others stand in `[budget]`."""


class Amounts(msgspec.Struct, frozen=True):
    """USD and tokens, of one request or of many. Tokens are all of them, cached ones too."""

    usd: float = 0.0
    tokens: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(self.usd + other.usd, self.tokens + other.tokens)


class BudgetUse(msgspec.Struct, frozen=True):
    """One limit: USD or tokens. `reserved` is held by requests that still run, also elsewhere."""

    limit: BudgetLimit
    value: float
    spent: float
    reserved: float = 0.0

    @property
    def share(self) -> float:
        """The part of it that is spent, 1 and more when nothing is left."""
        return self.spent / self.value if self.value else 1.0


class BudgetWarned(msgspec.Struct, frozen=True):
    """A limit is used up to one of the shares of `[budget] warn_at`; said once for each."""

    use: BudgetUse
    share: float
    """The share of `warn_at` that was passed."""
    message: str


class BudgetHeld(msgspec.Struct, frozen=True):
    """What is left of a limit is held by requests that still run: this one waits for them."""

    use: BudgetUse
    wait_s: float
    """Seconds that are waited at most."""
    message: str
