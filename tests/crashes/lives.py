"""Run as a program: begins one koi after the other in a process of its own, to be killed.

A line of standard input is a JSON object: what a life works in and with. Its number goes back on
standard output; what it tells people, it writes to a file. Imports are done once, then it forks.
"""

from __future__ import annotations

import asyncio
import os
import pkgutil
import sys
from contextlib import aclosing, suppress
from importlib import import_module
from pathlib import Path

import msgspec

import koi
from koi.agent.gate import Nobody
from koi.agent.options import SessionOptions
from koi.agent.session import Session
from koi.cli.dispatch import run
from koi.cli.machine import MachineWriter, event_object, write_line
from koi.core.errors import UsageError
from koi.wiring.session import open_session


class Life(msgspec.Struct, frozen=True):
    """What a koi is to do until it is killed."""

    home: str
    workspace: str
    phase: str
    model: str
    told: str
    """The file that has its output."""


def main() -> None:
    """One life for each line."""
    for module in pkgutil.walk_packages(koi.__path__, "koi."):
        if not module.name.startswith("koi.tui"):
            import_module(module.name)
    for line in sys.stdin.buffer:
        life = msgspec.json.decode(line, type=Life)
        number = os.fork()
        if number == 0:
            _become(life)
            os._exit(_live(life))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        _, ended = os.waitpid(number, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(ended)}\n")
        sys.stdout.flush()


def _become(life: Life) -> None:
    os.environ["KOI_HOME"] = life.home
    os.chdir(life.workspace)
    nothing = os.open(os.devnull, os.O_RDONLY)
    told = os.open(life.told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(told, 1)
    errors = os.open(f"{life.told}.errors", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(errors, 2)


def _live(life: Life) -> int:
    if life.phase == "compaction":
        return asyncio.run(_long_conversation(life))
    while True:
        code = run(_arguments(life))
        if code != 0:
            return code


def _arguments(life: Life) -> list[str]:
    before = ["-c"] if any((Path(life.home) / "data" / "sessions").glob("*.jsonl")) else []
    said = ["--output", "stream-json", "--allow", "bash", "-m", life.model]
    return ["run", *before, *said, "Go on, and leave nothing out."]


async def _long_conversation(life: Life) -> int:
    """Turns until the model refuses, compactions that are asked for, and undone."""
    folder = Path(life.home) / "data" / "sessions"
    options = SessionOptions(
        workspace=Path(life.workspace), model=life.model, latest=any(folder.glob("*.jsonl"))
    )
    session = await open_session(options, Nobody())
    writer = MachineWriter(stream=True)
    writer.begin(session.state)
    turn = session.state.turns
    while True:
        turn += 1
        writer = MachineWriter(stream=True)
        async with aclosing(session.prompt(f"request {turn}: {'words ' * 200}")) as events:
            async for event in events:
                writer.write(event)
        writer.end()
        with suppress(UsageError):
            await _between(turn, session)


async def _between(turn: int, session: Session) -> None:
    if turn % 3 == 0:
        async with aclosing(session.compact("the numbers")) as events:
            async for event in events:
                if (line := event_object(event)) is not None:
                    write_line(line)
    if turn % 5 == 0 and (line := event_object(await session.undo_compaction())) is not None:
        write_line(line)


if __name__ == "__main__":
    main()
