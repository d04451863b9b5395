"""The one process runner: a command in a session of its own, of which nothing stays behind.

Each command is followed by a daemon thread, so neither a slow disk nor a process that ignores
signals holds up the event loop, and the end of the loop does not leave a command running.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from koi.core.errors import ToolFailure
from koi.files.ring import OutputRing
from koi.safety.supervision import End, Supervision

DEFAULT_TIMEOUT_S = 120.0
MAX_TIMEOUT_S = 600.0
RUNAWAY_BYTES = 10 * 1024**3
_MAX_COMMAND_BYTES = 100_000
_running: set[Supervision] = set()


class CommandResult(msgspec.Struct, frozen=True):
    """How a command ended, and its output in arrival order, stderr included.

    `exit_code` is negative for a signal, None when even SIGKILL did not end it.
    """

    end: End
    exit_code: int | None
    output: OutputRing
    duration_s: float
    ended_children: int


async def run_command(
    command: str,
    *,
    cwd: Path,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    spill_folder: Path | None = None,
    on_output: Callable[[str], None] | None = None,
) -> CommandResult:
    """Run `command` with bash, without input, and wait until it and all its children have ended.

    Cancelling returns at once; the command gets SIGINT, after 2 s SIGTERM, after 3 s SIGKILL,
    as it does on a timeout, which is waited for. Raises ToolFailure when it cannot be started.
    """
    if "\0" in command:
        raise ToolFailure("The command holds a NUL character.")
    if len(command.encode("utf-8", "surrogatepass")) > _MAX_COMMAND_BYTES:
        raise ToolFailure(
            f"The command is longer than {_MAX_COMMAND_BYTES:,} bytes.",
            hint="Write it to a script file and run that.",
        )
    return await run_program(
        (_bash(), "-c", command),
        cwd=cwd,
        timeout_s=timeout_s,
        output=OutputRing(spill_folder=spill_folder),
        on_output=on_output,
    )


async def run_program(
    argv: Sequence[str],
    *,
    cwd: Path,
    timeout_s: float,
    output: OutputRing,
    on_output: Callable[[str], None] | None = None,
    output_limit: int = RUNAWAY_BYTES,
) -> CommandResult:
    """Run a program as `run_command` runs a command; beyond `output_limit` bytes it is killed.

    A relative argv[0] is looked up by the system on PATH: pass what `find_program` returns.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def show(text: str) -> None:
        if on_output is not None and not done.done():
            on_output(text)

    def settle(error: Exception | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def call(function: Callable[..., None], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop may be closed before the command has ended
            loop.call_soon_threadsafe(function, *arguments)

    supervision = Supervision(
        argv,
        cwd,
        min(timeout_s, MAX_TIMEOUT_S),
        output,
        lambda text: call(show, text),
        output_limit,
    )

    def follow() -> None:
        error: Exception | None = None
        try:
            supervision.follow()
        except Exception as problem:  # noqa: BLE001 - it is raised again where it is awaited
            error = problem
        finally:
            _running.discard(supervision)
        if supervision.end == "cancelled":
            output.discard_spill()
        call(settle, error)

    started = time.monotonic()
    _running.add(supervision)
    threading.Thread(target=follow, name="koi-command", daemon=True).start()
    try:
        await done
    except asyncio.CancelledError:
        supervision.stop()
        raise
    return CommandResult(
        supervision.end,
        supervision.exit_code,
        output,
        time.monotonic() - started,
        supervision.ended_children,
    )


@atexit.register
def end_all() -> None:
    """Kill every command that is still there, at once: on exit, or on a second interrupt."""
    for supervision in tuple(_running):
        supervision.kill()


def find_program(name: str) -> str | None:
    """The absolute path of a program on PATH, leaving out entries that depend on the folder."""
    folders = [
        folder
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if Path(folder).is_absolute()
    ]
    return shutil.which(name, path=os.pathsep.join(folders))


def _bash() -> str:
    bash = find_program("bash")
    if bash is None:
        raise ToolFailure("bash is not installed, so commands cannot run.")
    return bash
