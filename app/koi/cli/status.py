"""`koi status`: the model of each role, whom its requests may go to; limits and today's cost."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

import click

from koi.agent.options import SessionOptions
from koi.cli.options import current_options, global_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from koi.core.budgets import BudgetLimit, BudgetUse
    from koi.core.messages import JsonObject
    from koi.store.day_ledger import DaySums
    from koi.wiring.role_statuses import RoleStatus


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@global_options
def command(as_json: bool) -> None:
    """The model of each role, where that was set, and the models and keys behind it.

    Each with its state: ready, cooling (its provider asked for time), no key. No model is asked.
    """
    from koi.cli.failures import print_notes
    from koi.wiring.budgets import configured_limits, day_uses, spent_today
    from koi.wiring.price_check import price_mistakes
    from koi.wiring.role_statuses import role_statuses
    from koi.wiring.session import registry_of

    said = current_options()
    options = SessionOptions(
        workspace=said.workspace, config_flag=said.config, trust=said.trust, debug=said.debug
    )
    registry = registry_of(options)
    rows = asyncio.run(role_statuses(options, registry))
    limits, uses = configured_limits(registry.config.tables.budget), day_uses(registry.config)
    today = spent_today(registry.config.paths.ledger)
    print_notes(f"{each.place}: {each.message}. {each.hint}" for each in price_mistakes(registry))
    if as_json:
        click.echo(json.dumps(_object(rows, uses, limits, today)))
        return
    for row in rows:
        _print_role(row)
    for limit, value in limits.items():
        if limit in ("session_usd", "session_tokens"):
            _print_limit(limit, value)
    for use in uses:
        _print_use(use)
    if not uses:
        _print_today(today)


def _print_role(row: RoleStatus) -> None:
    from koi.view.chains import chain_row, chain_text
    from koi.view.safe_text import safe

    what = str(row.reference or f"none: {row.reason}")
    why = (row.place, row.reason if row.reference else "")
    effect = "" if row.in_effect else "nothing asks for it in this version"
    about = ", ".join(part for part in (*why, effect) if part)
    line = f"{row.role.ljust(10)} {what}{f'  ({about})' if about else ''}"
    click.echo(safe(line, keep_newlines=False))
    if not row.in_effect:
        return
    now = time.monotonic()
    for each in chain_text(tuple(chain_row(state, now) for state in row.candidates), now):
        click.echo(f"{'':10} {each}")


def _print_use(use: BudgetUse) -> None:
    from koi.view.budgets import BUDGET_NAMES, share_text, spent_text

    click.echo(f"{BUDGET_NAMES[use.limit].ljust(10)} {spent_text(use)}  ({share_text(use)})")


def _print_limit(limit: BudgetLimit, value: float) -> None:
    from koi.view.budgets import limit_amount

    click.echo(f"{'session'.ljust(10)} at most {limit_amount(limit, value)} each")


def _print_today(today: DaySums) -> None:
    from koi.core.usage import Cost
    from koi.view.units import tokens, total

    cost = total(Cost(today.spent.usd, incomplete=today.unpriced > 0))
    click.echo(f"{'today'.ljust(10)} {cost}, {tokens(today.spent.tokens)} tokens  (no limit)")


def _object(
    rows: tuple[RoleStatus, ...],
    uses: tuple[BudgetUse, ...],
    limits: Mapping[BudgetLimit, float],
    today: DaySums,
) -> JsonObject:
    from koi.cli.machine_objects import candidate_object, use_object

    roles = [
        {
            "role": row.role,
            "model": None if row.reference is None else str(row.reference),
            "place": row.place,
            "reason": row.reason,
            "in_effect": row.in_effect,
            "candidates": [candidate_object(each) for each in row.candidates],
        }
        for row in rows
    ]
    return {
        "roles": roles,
        "budgets": [use_object(use) for use in uses],
        "limits": dict(limits),
        "today": {
            "cost_usd": today.spent.usd,
            "tokens": today.spent.tokens,
            "requests_without_price": today.unpriced,
        },
    }
