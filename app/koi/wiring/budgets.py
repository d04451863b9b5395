"""Budgets from options and configuration; what is set and spent, also without a session."""

from __future__ import annotations

import time
from pathlib import Path

from koi.agent.options import SessionOptions
from koi.config.config import Config
from koi.config.schema import BudgetTable
from koi.core.budgets import BudgetLimit, BudgetUse
from koi.core.errors import UsageError
from koi.routing.spending import Spending
from koi.store.day_account import DayAccount
from koi.store.day_ledger import DayLedger, DaySums

KEPT: tuple[BudgetLimit, ...] = ("session_usd", "session_tokens", "day_usd", "day_tokens")
"""Limits that the configuration can hold."""


def configured_limits(
    table: BudgetTable, options: SessionOptions | None = None
) -> dict[BudgetLimit, float]:
    """The limits that are set, in USD or tokens."""
    found: dict[BudgetLimit, float] = {}
    if options is not None and options.max_cost is not None:
        found["max_cost"] = options.max_cost
    for limit in KEPT:
        value: float | None = getattr(table, limit)
        if value is not None:
            found[limit] = value
    return found


def keep_limit(config: Config, limit: BudgetLimit, value: float | None) -> None:
    """Write a limit to the configuration, None: remove it. It holds from the next session on.

    Raises UsageError, ConfigurationError, StorageError.
    """
    from koi.config.edit import set_values

    if limit not in KEPT:
        raise UsageError(f"{limit} cannot be kept", hint=f"Keep one of {', '.join(KEPT)}.")
    kept = int(value) if value is not None and limit.endswith("tokens") else value
    set_values(config.paths, {("budget", limit): kept})


def follow_limits(spending: Spending, before: Config, now: Config) -> None:
    """Take over what was changed in the configuration; limits set for the session stay."""
    old, new = configured_limits(before.tables.budget), configured_limits(now.tables.budget)
    for limit in KEPT:
        if old.get(limit) != new.get(limit):
            spending.set_limit(limit, new.get(limit))


def spent_today(ledger: Path) -> DaySums:
    """What all sessions have spent on this day. Raises StorageError."""
    return DayLedger(ledger, time.time).read()


def day_uses(config: Config) -> tuple[BudgetUse, ...]:
    """The limits of the day that are configured, and how far they are used up.

    Raises StorageError.
    """
    limits = configured_limits(config.tables.budget)
    spent, held = DayAccount(config.paths.ledger).look()
    found: list[BudgetUse] = []
    if (usd := limits.get("day_usd")) is not None:
        found.append(BudgetUse("day_usd", usd, spent.usd, held.usd))
    if (tokens := limits.get("day_tokens")) is not None:
        found.append(BudgetUse("day_tokens", tokens, spent.tokens, held.tokens))
    return tuple(found)
