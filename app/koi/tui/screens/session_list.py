"""Choose a session to go on with: those of this folder first."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from koi.store.sessions import SessionSummary, list_sessions
from koi.tui.screens.chooser import Chooser, matches
from koi.tui.screens.modal import Modal
from koi.view.line import MUTED, PLAIN, Face, Line, Span
from koi.view.lines.row import row
from koi.view.safe_text import safe
from koi.view.units import ago, total


class SessionList(Modal[str | None]):
    """Its result is the id of the chosen session, None when the person went back."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,ctrl+c", "dismiss(None)", "Back")]

    def __init__(self, sessions: Path, workspace: Path) -> None:
        super().__init__()
        self._folder = sessions
        self._cwd = str(workspace)
        self._known: tuple[SessionSummary, ...] = ()
        self._shown: tuple[SessionSummary, ...] = ()
        self._filter = ""
        self._note = "reading the sessions …"
        self._now = time.time()
        self._chooser = Chooser(
            "resume a session", "part of a title or a folder", self._draw, takes_keys=True
        )

    def compose(self) -> ComposeResult:
        """The list in the middle of the screen."""
        yield self._chooser

    def on_mount(self) -> None:
        """Thousands of sessions take a while to read."""
        self._refill()
        self.run_worker(self._load(), exit_on_error=False)

    async def _load(self) -> None:
        found = await asyncio.to_thread(list_sessions, self._folder)
        self._known = tuple(sorted(found, key=lambda session: session.cwd != self._cwd))
        self._note = "" if found else "there are no sessions yet"
        self._refill()

    @on(Chooser.Filtered)
    def _filtered(self, event: Chooser.Filtered) -> None:
        self._filter = event.text
        self._refill()

    @on(Chooser.Chosen)
    def _chosen(self) -> None:
        index = self._chooser.chosen
        if index is not None:
            self.dismiss(self._shown[index].id)

    def _refill(self) -> None:
        self._shown = tuple(
            session
            for session in self._known
            if matches(f"{session.title} {session.cwd} {session.id}", self._filter)
        )
        note = self._note or ("" if self._shown else "no session matches")
        self._chooser.rows.fill(len(self._shown), 0, note)

    def _draw(self, index: int, width: int, selected: bool) -> Line:
        return session_line(self._shown[index], self._cwd, self._now, width, selected=selected)


def session_line(
    session: SessionSummary, cwd: str, now: float, width: int, *, selected: bool = False
) -> Line:
    """Title, and the folder if it is another one; at the right age, turns and cost."""
    face = Face("selected", "r") if selected else PLAIN
    title = safe(session.title, keep_newlines=False).strip() or "(no prompt yet)"
    left: list[Span] = [("▸ " if selected else "  ", Face("accent", "b")), (title, face)]
    if session.cwd != cwd:
        left.append((f"  {safe(session.cwd, keep_newlines=False)}", MUTED))
    turns = f"{session.turns} turn{'' if session.turns == 1 else 's'}"
    notes = f"  {ago(now - session.updated)} · {turns} · {total(session.cost)} "
    return row(left, [(notes, MUTED)], width, cell_len)
