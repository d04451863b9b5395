"""One run of a cell: a turn that meets the fault, a turn after it, and what all sides saw."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from koi.core.agent_events import AgentEvent
from koi.core.messages import Message
from tests.faults.cells import Cell
from tests.faults.worlds import IMPATIENCE_S, KEYS, PATIENCE_S, World, world
from tests.servers.fault_server import ports
from tests.servers.fault_server.asked import Asked
from tests.servers.fault_server.faults import Fault
from tests.servers.fault_server.scripts import one_note, two_notes
from tests.servers.fault_server.server import FaultServer, Logged, Plan, in_order

HANG_S = 5.0
QUESTION_S = 2.0
"""How long koi waits at most for what a server says about its models, before each attempt."""
FIRST, SECOND = "Make a note.", "And again."
LONG = "a text that is long enough to be worth a summary, " * 120


@dataclass(slots=True)
class Run:
    """What happened."""

    cell: Cell
    seed: int
    events: list[AgentEvent] = field(default_factory=list)
    """Of the turn with the fault."""
    lines: int = 0
    """How often the command ran in that turn."""
    seconds: float = 0.0
    first: tuple[Logged, ...] = ()
    """What the server with the fault was asked in that turn."""
    second: tuple[Logged, ...] = ()
    logs: tuple[list[Logged], ...] = ()
    """All that both were asked, in both turns."""
    elsewhere: list[str] = field(default_factory=list)
    """What arrived at the address to which a redirect leads."""
    history: tuple[Message, ...] = ()
    journaled: tuple[Message, ...] = ()
    again: list[AgentEvent] = field(default_factory=list)
    """Of the next turn, in which all is well."""
    lines_again: int = 0

    def asked(self, log: Sequence[Logged]) -> Counter[int]:
        """How often a server was asked, by the answer of the turn: 0 calls, 1 reports.

        Requests for a summary, which offer no tools, are left out.
        """
        return Counter(min(len(one.asked.results), 1) for one in log if one.asked.tools)


async def run(cell: Cell, seed: int, workspace: Path) -> Run:
    """Play it. Raises TimeoutError when koi hangs."""
    found = Run(cell, seed)
    script = two_notes if cell.phase == "after-call" else one_note
    with contextlib.ExitStack() as stack:
        elsewhere = stack.enter_context(FaultServer(cell.wire))
        address = elsewhere.url.replace("127.0.0.1", "localhost")
        first = FaultServer(cell.wire, script=script, elsewhere=address)
        stack.enter_context(first)
        second = stack.enter_context(FaultServer(cell.wire, script=script))
        if cell.phase == "connect" and not cell.unreachable:
            times = 1 if cell.variant == "once" else 1000
            first.at_connect.extend([cell.fault(seed)] * times)
        url = stack.enter_context(_no_server(cell)) if cell.unreachable else None
        keys = 2 if cell.variant == "keys" else 1
        patience_s = IMPATIENCE_S if cell.slow else PATIENCE_S
        open_world = world(workspace, first, second, keys=keys, url=url, patience_s=patience_s)
        async with open_world as here:
            await _play(found, here)
        found.logs = first.log, second.log
        found.elsewhere = [*elsewhere.others, *(logged.line for logged in elsewhere.log)]
        found.journaled = here.journaled()
    return found


async def _play(found: Run, here: World) -> None:
    if found.cell.name == "400-overflow":
        for number in range(4):
            await here.prompt(f"Part {number}: {LONG}")
    lines, first, second = here.lines, len(here.first.log), len(here.second.log)
    here.first.plan = _plan(found.cell, found.seed)
    started = time.monotonic()
    async with asyncio.timeout(_longest_s(found.cell)):
        found.events = await here.prompt(FIRST)
    found.seconds = time.monotonic() - started
    found.lines = here.lines - lines
    found.first, found.second = tuple(here.first.log[first:]), tuple(here.second.log[second:])
    found.history = tuple(here.session.state.history)
    here.first.plan, here.first.script = in_order(), one_note
    here.first.at_connect.clear()
    here.second.script = one_note
    async with asyncio.timeout(HANG_S + IMPATIENCE_S * 3):
        found.again = await here.prompt(SECOND)
    found.lines_again = here.lines - found.lines - lines


def _longest_s(cell: Cell) -> float:
    """HANG_S beyond what koi was told, or configured, to wait."""
    if cell.slow:
        questions = 3 * QUESTION_S if cell.phase == "connect" else 0.0
        return HANG_S + 3 * IMPATIENCE_S + questions
    return HANG_S + 2.0 if cell.name.startswith("429") else HANG_S


def _plan(cell: Cell, seed: int) -> Plan:
    fault, step = cell.fault(seed), cell.step(seed)
    left = deque([Fault("503")] * cell.lead(seed))
    if cell.variant == "once" and cell.phase != "connect":
        left.append(fault)

    def plan(asked: Asked) -> Fault | None:
        if not asked.tools or min(len(asked.results), 1) != step or cell.phase == "connect":
            return None
        match cell.variant:
            case "once":
                return left.popleft() if left else None
            case "keys":
                return fault if asked.key == KEYS[0][-4:] else None
        return fault

    return plan


@contextlib.contextmanager
def _no_server(cell: Cell) -> Iterator[str]:
    with ports.refusing() if cell.name == "refuse" else ports.full() as url:
        yield url
