"""`koi status`: the model of each role and whom its requests may go to; limits of the day."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

import click

from koi.agent.options import SessionOptions
from koi.cli.options import current_options, global_options

if TYPE_CHECKING:
    from koi.core.budgets import BudgetUse
    from koi.core.messages import JsonObject
    from koi.wiring.role_statuses import RoleStatus


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@global_options
def command(as_json: bool) -> None:
    """The model of each role, where that was set, and the models and keys behind it.

    Each with its state: ready, cooling (its provider asked for time), no key. No model is asked.
    """
    from koi.wiring.budgets import day_uses
    from koi.wiring.role_statuses import role_statuses
    from koi.wiring.session import registry_of

    said = current_options()
    options = SessionOptions(
        workspace=said.workspace, config_flag=said.config, trust=said.trust, debug=said.debug
    )
    registry = registry_of(options)
    rows = asyncio.run(role_statuses(options, registry))
    uses = day_uses(registry.config)
    if as_json:
        click.echo(json.dumps(_object(rows, uses)))
        return
    for row in rows:
        _print_role(row)
    for use in uses:
        _print_use(use)


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


def _object(rows: tuple[RoleStatus, ...], uses: tuple[BudgetUse, ...]) -> JsonObject:
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
    return {"roles": roles, "budgets": [use_object(use) for use in uses]}
