"""`koi run`: one turn without a screen."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import aclosing
from typing import Protocol

import click

from koi.agent.state import SessionState
from koi.cli.options import global_options
from koi.cli.session_options import session_options
from koi.core.agent_events import AgentEvent, TurnCancelled, TurnFailed, TurnFinished
from koi.core.errors import ErrorReport, KoiError, UsageError
from koi.wiring import SessionOptions


class Writer(Protocol):
    """Where the events of a turn go."""

    def begin(self, state: SessionState) -> None:
        """The session is open."""
        ...

    def write(self, event: AgentEvent) -> None:
        """One event, in order."""
        ...

    def end(self) -> None:
        """The turn is over."""
        ...


EXIT_DENIED = 5
EXIT_CANCELLED = 130


@click.command("run")
@click.argument("prompt", nargs=-1)
@click.option(
    "--output",
    type=click.Choice(["text", "json", "stream-json"]),
    default="text",
    help="What goes to standard output.",
)
@global_options
@session_options
def command(options: SessionOptions, prompt: tuple[str, ...], output: str) -> int:
    """Run one turn with PROMPT (- reads standard input) and print the answer.

    Calls that would need a yes are denied; the exit code is then 5.
    """
    return asyncio.run(_run(options, _prompt_text(prompt), output))


def _prompt_text(words: tuple[str, ...]) -> str:
    if words == ("-",) or (not words and not sys.stdin.isatty()):
        text = sys.stdin.buffer.read().decode("utf-8", errors="replace")
    else:
        text = " ".join(words)
    if not text.strip():
        raise UsageError("there is no prompt", hint='Write: koi run "what to do", or - for stdin.')
    return text


async def _run(options: SessionOptions, prompt: str, output: str) -> int:
    from koi.agent.gate import Nobody
    from koi.wiring import open_session

    writer = _writer(output)
    try:
        session = await open_session(options, Nobody())
    except KoiError as error:
        if output == "text":
            raise
        writer.write(TurnFailed("", error.report(), "", 0.0))
        writer.end()
        return error.exit_code
    loop = asyncio.get_running_loop()
    last: AgentEvent | None = None
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, session.stop)
        writer.begin(session.state)
        async with aclosing(session.prompt(prompt)) as events:
            async for event in events:
                writer.write(event)
                last = event
        writer.end()
    finally:
        await session.close()
    return exit_code(last)


def _writer(output: str) -> Writer:
    if output == "text":
        from koi.cli.text_output import TextWriter

        return TextWriter()
    from koi.cli.machine import MachineWriter

    return MachineWriter(stream=output == "stream-json")


def exit_code(last: AgentEvent | None) -> int:
    """The exit code after a turn that ended with this event."""
    match last:
        case TurnFinished(finish_reason="content_filter" | "refusal" | "error"):
            return 1
        case TurnFinished(denied=denied) if denied:
            return EXIT_DENIED
        case TurnFinished():
            return 0
        case TurnCancelled():
            return EXIT_CANCELLED
        case TurnFailed(error=error):
            return _failure_code(error)
        case _:
            return 1


def _failure_code(error: ErrorReport) -> int:
    match error.kind:
        case "budget":
            return 4
        case "cancelled":
            return EXIT_CANCELLED
        case _:
            return 1
