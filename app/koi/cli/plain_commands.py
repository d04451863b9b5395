"""The slash commands of the plain chat: those that make sense without a screen."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import click

from koi.agent.options import SessionOptions
from koi.agent.session import Session
from koi.cli.text_output import TextWriter
from koi.core.agent_events import AgentEvent
from koi.core.errors import UsageError
from koi.core.offers import EXECUTOR
from koi.safety.modes import parse_mode
from koi.tui import fallbacks
from koi.tui.commands import COMMANDS, Command
from koi.tui.compacting import compaction
from koi.tui.limit_argument import parse_limit
from koi.tui.spending import change_limit
from koi.view.budgets import budget_lines
from koi.view.safe_text import safe
from koi.view.units import tokens, total
from koi.wiring.models import usable_model
from koi.wiring.role_table import RoleRow, role_rows

OUTSIDE = ("connect", "disconnect")
"""The commands that ask questions of their own."""
TURNS = ("retry", "compact")
"""The commands that do something like a turn."""
WORKING = (
    *("help", "model", "roles", "fallback", "budget", "mode", "cost", "tokens", "exit"),
    *TURNS,
    *OUTSIDE,
)


async def perform(
    session: Session, options: SessionOptions, command: Command, argument: str
) -> None:
    """Do one command and say what came of it. Raises KoiError."""
    if command.name == "retry":
        await tell_turn(session.go_on())
    elif command.name == "compact":
        await tell_turn(compaction(session, argument))
    else:
        click.echo(safe(await _answer(session, options, command, argument)))


async def tell_turn(turn: AsyncGenerator[AgentEvent, None]) -> None:
    """Print what happens in a turn."""
    click.echo("\nkoi:")
    writer = TextWriter(live=True)
    async with aclosing(turn) as events:
        async for event in events:
            writer.write(event)
    writer.end()


async def _answer(
    session: Session, options: SessionOptions, command: Command, argument: str
) -> str:
    state = session.state
    match command.name:
        case "help":
            lines = [f"/{each.name} {each.argument}".strip() for each in COMMANDS]
            return "\n".join(line for line in lines if line.split()[0][1:] in WORKING)
        case "mode":
            if argument:
                state.mode = parse_mode(argument)
            return f"mode: {state.mode}"
        case "model":
            if argument:
                chosen = await usable_model(argument, options)
                session.renew()  # its provider may have been connected in another terminal
                state.model = chosen
            return f"model: {state.model}"
        case "roles":
            return "\n".join(
                _role_text(row) for row in await role_rows(state.model, options, session.candidates)
            )
        case "fallback":
            done = await fallbacks.change_fallbacks(session, options, argument)
            chain = {EXECUTOR: await fallbacks.candidates(session)}
            return "\n".join(filter(None, (done, *fallbacks.chain_lines(chain))))
        case "budget":
            if argument:
                return change_limit(session, parse_limit(argument), options)
            return "\n".join(budget_lines(session.limits()))
        case "cost":
            return f"cost: {total(state.account.session_cost)}"
        case "tokens":
            usage = state.account.session_usage
            cached = usage.cache_read_tokens
            return (
                f"tokens: {tokens(usage.input_tokens)} in, {tokens(cached)} cached, "
                f"{tokens(usage.output_tokens)} out"
            )
        case _:
            raise UsageError(f"/{command.name} needs the full screen", hint="Start koi there.")


def _role_text(row: RoleRow) -> str:
    place = f" ({row.place})" if row.place else ""
    then = f", then {', '.join(row.fallbacks)}" if row.fallbacks else ""
    return f"{row.role}: {row.model}{place}{then}"
