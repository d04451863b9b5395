"""The attempts of each turn, for whoever wants to know what happened on the way to an answer."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from koi.core.agent_events import RequestStarted
from koi.core.errors import ErrorKind
from koi.core.request_events import AttemptAction, AttemptEnded
from koi.view.safe_text import SafeText, safe

MAX_TURNS = 100
"""Turns that are kept; older ones go."""
MAX_ROWS = 200
"""Rows of one turn; its oldest ones go."""
MAX_TEXT = 500
"""Characters of a reason, and of what is kept of a prompt."""


@dataclass(slots=True)
class AttemptRow:
    """One HTTP exchange. Its `seconds` are None while it runs."""

    request_id: str
    step: int
    """The model request of the turn that it belongs to, from 1."""
    attempt: int
    model: SafeText
    role: SafeText
    key: SafeText
    started: float
    seconds: float | None = None
    action: AttemptAction | None = None
    """None while it runs, and when it was interrupted."""
    kind: ErrorKind | None = None
    reason: SafeText = field(default_factory=lambda: safe(""))
    status: int | None = None
    wait_s: float = 0.0
    billed: bool = False


@dataclass(slots=True, frozen=True)
class LogNote:
    """Something between two attempts: another model, a warning, a compaction."""

    text: SafeText


@dataclass(slots=True)
class TurnLog:
    """What happened in one turn."""

    number: int
    prompt: SafeText
    rows: list[AttemptRow | LogNote] = field(default_factory=list)
    steps: int = 0
    left_out: int = 0
    """Rows at its beginning that are not kept."""
    over: bool = False

    def add(self, row: AttemptRow | LogNote) -> None:
        """One more row; the oldest one goes when there are too many."""
        self.rows.append(row)
        if len(self.rows) > MAX_ROWS:
            del self.rows[0]
            self.left_out += 1


class AttemptLog:
    """The turns since the session was opened, newest last."""

    def __init__(self) -> None:
        self.turns: deque[TurnLog] = deque(maxlen=MAX_TURNS)
        self._count = 0

    def begin_turn(self, prompt: str) -> None:
        """Another turn begins."""
        self._count += 1
        self.turns.append(TurnLog(self._count, _line(prompt)))

    def begin(self, event: RequestStarted, now: float) -> None:
        """An exchange begins."""
        turn = self._turn()
        turn.steps += event.attempt == 1 or not turn.steps
        turn.add(
            AttemptRow(
                request_id=event.request_id,
                step=turn.steps,
                attempt=event.attempt,
                model=_line(str(event.model)),
                role=_line(event.role),
                key=_line(event.key),
                started=now,
            )
        )

    def end(self, event: AttemptEnded) -> None:
        """An exchange is over."""
        for row in reversed(self._turn().rows):
            if isinstance(row, AttemptRow) and row.request_id == event.request_id:
                row.seconds, row.action = event.duration_s, event.action
                row.kind, row.reason = event.kind, _line(event.reason)
                row.status, row.wait_s, row.billed = event.status, event.wait_s, event.billed
                return

    def note(self, text: str) -> None:
        """Something happened between two attempts."""
        self._turn().add(LogNote(_line(text)))

    def end_turn(self, now: float) -> None:
        """The turn is over; an exchange that still ran was interrupted."""
        if not self.turns:
            return
        turn = self.turns[-1]
        turn.over = True
        for row in turn.rows:
            if isinstance(row, AttemptRow) and row.seconds is None:
                row.seconds = now - row.started

    def clear(self) -> None:
        """Another session."""
        self.turns.clear()
        self._count = 0

    def _turn(self) -> TurnLog:
        if not self.turns:
            self.begin_turn("")
        return self.turns[-1]


def _line(text: str) -> SafeText:
    return safe(text[:MAX_TEXT], keep_newlines=False)
