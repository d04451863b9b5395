"""`koi --plain`: a chat in plain lines, for screen readers, logs and small terminals."""

from __future__ import annotations

import asyncio
import signal

import click

from koi.agent.options import SessionOptions
from koi.agent.session import Session
from koi.cli.failures import print_error, print_notes
from koi.cli.input_lines import InputLines, forget_typed_ahead
from koi.cli.plain_commands import OUTSIDE, perform, tell_turn
from koi.cli.signals import stopping_signals
from koi.cli.text_output import TextWriter
from koi.core.agent_events import ApprovalDecision, ApprovalRequested
from koi.core.errors import Cancelled, KoiError
from koi.tui.commands import parse_command
from koi.view.safe_text import safe, visible
from koi.wiring.session import open_session


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
        forget_typed_ahead()
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


class PlainChat:
    """A session in lines. What asks questions of its own is done by the caller, between two goes:
    it has no event loop then, and Ctrl+C is its own.
    """

    def __init__(self, session: Session, options: SessionOptions, lines: InputLines) -> None:
        self._session = session
        self._options = options
        self._lines = lines
        self._stopped = asyncio.Event()

    @classmethod
    async def open(cls, options: SessionOptions) -> PlainChat:
        """Open the session. Raises KoiError."""
        lines = InputLines()
        session = await open_session(options, LineApprover(lines))
        click.echo("koi, plain lines. /help lists commands, Ctrl+C stops a turn, Ctrl+D leaves.")
        print_notes(session.state.notes)
        TextWriter(live=True).begin(session.state)
        return cls(session, options, lines)

    @property
    def exit_code(self) -> int:
        """Of the whole chat."""
        return Cancelled.exit_code if self._stopped.is_set() else 0

    async def go_on(self, first: str | None) -> tuple[str, str] | None:
        """Take prompts until one is a command of `OUTSIDE`, which is returned, or the end: None."""
        loop = asyncio.get_running_loop()
        for number in stopping_signals():
            stop = self._interrupt if number == signal.SIGINT else self._stop
            loop.add_signal_handler(number, stop)
        try:
            return await self._take_prompts(first)
        finally:
            for number in stopping_signals():
                loop.remove_signal_handler(number)

    async def _take_prompts(self, first: str | None) -> tuple[str, str] | None:
        while not self._stopped.is_set():
            text = first or await _next_prompt(self._lines, self._stopped)
            first = None
            if text is None:
                return None
            try:
                found = parse_command(text)
                if found is not None and found[0].name in OUTSIDE:
                    return found[0].name, found[1]
                if not await _take(self._session, self._options, text):
                    return None
            except KoiError as error:
                print_error(error)
        return None

    async def renew(self) -> None:
        """Use what was connected, and say how to choose its models."""
        try:
            self._session.renew()
        except KoiError as error:
            print_error(error)
            return
        click.echo(f"model: {self._session.state.model}; /model PROVIDER/MODEL chooses another")

    async def close(self) -> None:
        """Put everything on the disk."""
        await self._session.close()

    def _stop(self) -> None:
        self._stopped.set()
        self._session.stop()

    def _interrupt(self) -> None:
        if self._session.state.busy:
            self._session.stop()
        else:
            self._stop()


def plain_chat(options: SessionOptions, first: str | None) -> int:
    """Read prompts from standard input until it ends or /exit; returns the exit code."""
    with asyncio.Runner() as runner:
        chat = runner.run(PlainChat.open(options))
        try:
            asked = runner.run(chat.go_on(first))
            while asked is not None:
                if _outside(*asked):
                    runner.run(chat.renew())
                asked = runner.run(chat.go_on(None))
        finally:
            runner.run(chat.close())
        return chat.exit_code


def _outside(name: str, argument: str) -> bool:
    """Connect or disconnect in lines; True when something may have changed."""
    from koi.cli.connect import STATUS, open_own_registry, print_status
    from koi.cli.connect_lines import Wishes, connect_in_lines
    from koi.cli.disconnect import disconnect_in_lines

    try:
        if name == "disconnect":
            disconnect_in_lines(argument or None, yes=False)
        elif argument == STATUS:
            print_status(as_json=False)
            return False
        else:
            connect_in_lines(open_own_registry, argument or None, Wishes())
    except KoiError as error:
        print_error(error)
        return False
    except KeyboardInterrupt:
        click.echo("\nCancelled. The chat goes on.")
        return False
    return True


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
    """Do what one line says; False when it means to leave. Raises KoiError."""
    if not text.strip():
        return True
    found = parse_command(text)
    if found is None:
        await tell_turn(session.prompt(text))
    elif found[0].name == "exit":
        return False
    else:
        await perform(session, options, *found)
    return True
