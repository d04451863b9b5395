"""`koi run`: one turn without a screen."""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import aclosing
from typing import Protocol

import click

from koi.agent.options import SessionOptions
from koi.agent.session import Session
from koi.agent.state import SessionState
from koi.cli.failures import inside_koi, open_log, print_notes
from koi.cli.options import global_options
from koi.cli.session_options import session_options
from koi.cli.signals import stopping_signals
from koi.core.agent_events import AgentEvent, TurnCancelled, TurnFailed, TurnFinished
from koi.core.errors import Cancelled, ErrorReport, KoiError, LimitReached, UsageError

log = logging.getLogger(__name__)


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


class RunCommand(click.Command):
    """Sees to it that machine output ends with a `result`, also when no session was opened."""

    def invoke(self, ctx: click.Context) -> int:
        """Run the command. Errors of machine output are told there, others are raised."""
        if ctx.params["output"] == "text":
            return int(super().invoke(ctx))
        try:
            return int(super().invoke(ctx))
        except KoiError as error:
            failed = error
        except KeyboardInterrupt:
            failed = Cancelled("Interrupted")
        except (BrokenPipeError, click.exceptions.Exit):
            raise
        except Exception as error:
            open_log()
            log.exception("koi run failed")
            failed = inside_koi(error)
        writer = _writer(ctx.params["output"])
        writer.write(TurnFailed("", failed.report(), "", 0.0))
        writer.end()
        return failed.exit_code


@click.command("run", cls=RunCommand)
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
    _refuse_choosing(options)
    return asyncio.run(_run(options, _prompt_text(prompt), output))


def _refuse_choosing(options: SessionOptions) -> None:
    """Without a screen there is nothing to choose from."""
    if options.resume == "":
        raise UsageError(
            "-r needs the id of a session here",
            hint="Write koi run -r ID PROMPT (see koi sessions list), or -c for the last one.",
        )
    if "?" in (options.model, options.executor):
        raise UsageError(
            "koi run has no picker for models",
            hint="Write -m provider/model; koi models lists them.",
        )


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
    from koi.wiring.session import open_session

    loop = asyncio.get_running_loop()
    opening = asyncio.create_task(open_session(options, Nobody()))
    interrupted = asyncio.Event()

    def interrupt() -> None:
        interrupted.set()
        opening.cancel()

    for number in stopping_signals():
        loop.add_signal_handler(number, interrupt)
    try:
        session = await opening
    except asyncio.CancelledError as error:
        raise Cancelled("Interrupted") from error
    print_notes(session.state.notes)
    try:
        if interrupted.is_set():
            raise Cancelled("Interrupted")
        for number in stopping_signals():
            loop.add_signal_handler(number, session.stop)
        return await _turn(session, prompt, _writer(output))
    finally:
        await session.close()


async def _turn(session: Session, prompt: str, writer: Writer) -> int:
    """The exit code of one turn. It is told as over only once everything is on the disk."""
    last: AgentEvent | None = None
    writer.begin(session.state)
    try:
        async with aclosing(session.prompt(prompt)) as events:
            async for event in events:
                writer.write(event)
                last = event
        await session.close()
    except KoiError as error:
        last = TurnFailed("", error.report(), "", 0.0)
        writer.write(last)
    writer.end()
    return exit_code(last)


def _writer(output: str) -> Writer:
    if output == "text":
        from koi.cli.text_output import TextWriter

        return TextWriter(live=sys.stdout.isatty())
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
            return Cancelled.exit_code
        case TurnFailed(error=error):
            return _failure_code(error)
        case _:
            return 1


def _failure_code(error: ErrorReport) -> int:
    match error.kind:
        case "budget":
            return LimitReached.exit_code
        case "cancelled":
            return Cancelled.exit_code
        case _:
            return 1
