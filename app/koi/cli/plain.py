"""`koi --plain`: a chat in plain lines, for screen readers, logs and small terminals."""

from __future__ import annotations

import asyncio
import signal
from contextlib import aclosing

import click

from koi.agent.options import SessionOptions
from koi.agent.session import Session
from koi.cli.failures import print_error, print_notes
from koi.cli.input_lines import InputLines
from koi.cli.signals import stopping_signals
from koi.cli.text_output import TextWriter
from koi.core.agent_events import ApprovalDecision, ApprovalRequested
from koi.core.errors import Cancelled, KoiError, UsageError
from koi.safety.modes import parse_mode
from koi.tui.commands import COMMANDS, Command, parse_command
from koi.view.safe_text import safe, visible
from koi.view.units import tokens, total
from koi.wiring.models import usable_model
from koi.wiring.session import open_session

WORKING = ("help", "model", "mode", "cost", "tokens", "exit")
"""The commands that make sense without a screen."""


class LineApprover:
    """Asks on the terminal; anything but a clear yes is a no."""

    def __init__(self, lines: InputLines) -> None:
        self._lines = lines

    async def approve(self, request: ApprovalRequested) -> ApprovalDecision | None:
        """The person's decision, None when the input has ended."""
        title = safe(f"{request.call.name} {request.title}", keep_newlines=False)
        click.echo(f"\nkoi asks: {title} ({safe(request.reason)})")
        click.echo(visible(request.preview, keep_tabs=True))
        always = f", a always ({safe(request.always)})" if request.always else ""
        self._lines.forget_typed_ahead()
        line = await self._lines.read(f"y yes{always}, n no (default no): ")
        if line is None:
            return None
        match line.strip().lower():
            case "y" | "yes":
                return "allow"
            case "a" | "always" if request.always:
                return "always"
            case _:
                return "deny"


async def plain_chat(options: SessionOptions, first: str | None) -> int:
    """Read prompts from standard input until it ends or /exit; returns the exit code."""
    lines = InputLines()
    session = await open_session(options, LineApprover(lines))
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop() -> None:
        stopped.set()
        session.stop()

    def interrupt() -> None:
        if session.state.busy:
            session.stop()
        else:
            stop()

    for number in stopping_signals():
        loop.add_signal_handler(number, interrupt if number == signal.SIGINT else stop)
    click.echo("koi, plain lines. /help lists commands, Ctrl+C stops a turn, Ctrl+D leaves.")
    print_notes(session.state.notes)
    TextWriter().begin(session.state)
    try:
        while not stopped.is_set():
            text = first or await _next_prompt(lines, stopped)
            first = None
            if text is None or not await _take(session, options, text):
                break
    finally:
        await session.close()
    return Cancelled.exit_code if stopped.is_set() else 0


async def _next_prompt(lines: InputLines, stopped: asyncio.Event) -> str | None:
    reading = asyncio.create_task(lines.read("\nYou: "))
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait((reading, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if reading.done():
        return reading.result()
    reading.cancel()
    return None


async def _take(session: Session, options: SessionOptions, text: str) -> bool:
    """Do what one line says; False when it means to leave."""
    if not text.strip():
        return True
    try:
        found = parse_command(text)
        if found is None:
            await _turn(session, text)
        elif found[0].name == "exit":
            return False
        else:
            click.echo(await _perform(session, options, *found))
    except KoiError as error:
        print_error(error)
    return True


async def _turn(session: Session, text: str) -> None:
    click.echo("\nkoi:")
    writer = TextWriter()
    async with aclosing(session.prompt(text)) as events:
        async for event in events:
            writer.write(event)
    writer.end()


async def _perform(
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
                state.model = await usable_model(argument, options)
            return f"model: {state.model}"
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
            hint = "Start koi there."
            if command.name in ("connect", "disconnect"):
                hint = f"Or leave, and type koi {command.name} --plain."
            raise UsageError(f"/{command.name} needs the full screen", hint=hint)
