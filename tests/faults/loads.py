"""Many turns with a share of faults, and what they add up to."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from koi.core.agent_events import AgentEvent, TurnFinished
from tests.faults.judging import early
from tests.faults.worlds import IMPATIENCE_S, World, world
from tests.servers.fault_server.asked import Asked
from tests.servers.fault_server.faults import (
    FORMATS,
    Fault,
    FaultName,
    Format,
    is_valid,
    phases_of,
)
from tests.servers.fault_server.scripts import PLAN, REPORT
from tests.servers.fault_server.server import FaultServer, Plan

TURNS_OF_A_SESSION = 10
STEPS_OF_A_TURN = 2
REST_S = 0.05
"""How long a model rests that failed for good: short, so that it meets more faults."""
PASSING: tuple[FaultName, ...] = (
    *("close", "reset", "eof", "stall", "garbage", "truncated-json", "in-band-error"),
    *("error-left-open", "page-502", "429", "429-ms", "429-reset"),
    *("408", "500", "502", "503", "504", "529"),
)
"""Failures that pass by themselves: nobody asks again after the others."""


@dataclass(slots=True)
class Figures:
    """What is counted over all turns."""

    turns: int = 0
    succeeded: int = 0
    """Turns that ended well with all that the model said, and one command run."""
    truncated: int = 0
    """Turns that ended well and lack some of the text."""
    twice: int = 0
    """Turns in which the command ran more often than it was called for."""
    early: int = 0
    """Requests before the time that a server had named."""
    faults: int = 0
    requests: int = 0
    most_requests: int = 0
    """For one answer."""

    @property
    def success(self) -> float:
        """The share of turns that ended well."""
        return self.succeeded / self.turns

    @property
    def amplification(self) -> float:
        """Requests for each answer that was needed."""
        return self.requests / (self.turns * STEPS_OF_A_TURN)

    def record(self) -> dict[str, float]:
        """As plain data."""
        return asdict(self) | {"success": self.success, "amplification": self.amplification}


class Trouble:
    """Faults at random places. `drawn`: for each request; else the first one of every so many
    answers fails, as many as the rate says, and none that is asked for again.
    """

    def __init__(self, rate: float, seed: int, *, drawn: bool) -> None:
        self.count = 0
        self._rate = rate
        self._chance = random.Random(seed)
        self._drawn = drawn
        self._answers = 0
        self._due = 0

    def plan(self, wire: Format) -> Plan:
        """The plan of one server."""
        before: tuple[int, int] | None = None

        def plan(asked: Asked) -> Fault | None:
            nonlocal before
            answer = asked.prompts, len(asked.results)
            again, before = answer == before, answer
            if not (self._chance.random() < self._rate if self._drawn else self._is_due(again)):
                return None
            self.count += 1
            return self._fault(wire, calls=not asked.results)

        return plan

    def _is_due(self, again: bool) -> bool:
        if again:
            return False
        share = round(1 / self._rate)
        place = self._answers % share
        self._answers += 1
        if place == 0:
            self._due = self._chance.randrange(share)
        return place == self._due

    def _fault(self, wire: Format, *, calls: bool) -> Fault:
        without = {"connect", "after-call", "" if calls else "mid-call"}
        places = [
            (name, phase)
            for name in PASSING
            for phase in phases_of(name)
            if phase not in without and is_valid(name, phase, wire)
        ]
        chosen = self._chance.choice(sorted({name for name, _ in places}))
        phase = self._chance.choice([phase for name, phase in places if name == chosen])
        return Fault(chosen, phase, self._chance.randrange(1, 10_000), wait_s=0.05)


async def play(workspace: Path, turns: int, trouble: Trouble) -> Figures:
    """So many turns, in sessions of ten, over all wire formats; the fallback is always well."""
    figures = Figures()
    numbers = iter(range(turns))
    while batch := list(islice(numbers, TURNS_OF_A_SESSION)):
        wire = FORMATS[batch[0] // TURNS_OF_A_SESSION % len(FORMATS)]
        with FaultServer(wire, trouble.plan(wire)) as first, FaultServer(wire) as second:
            patience_s = IMPATIENCE_S
            async with world(
                workspace, first, second, patience_s=patience_s, cooldown_s=REST_S
            ) as here:
                for number in batch:
                    before = here.lines
                    _count(figures, await here.prompt(f"Note {number}."), here.lines - before)
            _count_requests(figures, here)
    figures.faults = trouble.count
    return figures


def _count(figures: Figures, events: list[AgentEvent], lines: int) -> None:
    end = events[-1]
    well = isinstance(end, TurnFinished) and end.finish_reason == "stop"
    whole = isinstance(end, TurnFinished) and end.text == PLAN + REPORT
    figures.turns += 1
    figures.succeeded += well and whole and lines == 1
    figures.truncated += well and not whole
    figures.twice += lines > 1


def _count_requests(figures: Figures, here: World) -> None:
    asked: Counter[tuple[int, int]] = Counter()
    for server in (here.first, here.second):
        figures.requests += len(server.log)
        figures.early += early(server.log)
        asked += here.requests(server)
    figures.most_requests = max(figures.most_requests, *asked.values())
