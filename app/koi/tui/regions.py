"""Shows each region what concerns it, and folds away those that do not fit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.timer import Timer

from koi.tui.chat.transcript_view import TranscriptView
from koi.tui.cost.pane import CostPane
from koi.tui.frame.lines import Footer, Header, Queue
from koi.tui.layout import Shape, is_small
from koi.tui.prompt.approval_bar import ApprovalBar
from koi.tui.prompt.limit_bar import LimitBar
from koi.tui.tools.pane import ToolsPane
from koi.view.state import Changed, ScreenState

if TYPE_CHECKING:
    from textual.app import App

NOTE_S = 2.0


class Regions:
    """The parts of the main screen. Created before they are mounted, used afterwards."""

    def __init__(self, app: App[int], state: ScreenState, keys: list[tuple[str, str]]) -> None:
        self.header = Header(state)
        self.chat = TranscriptView(state.transcript)
        self.tools = ToolsPane(state)
        self.cost = CostPane(state)
        self.queue = Queue(state)
        self.approvals = ApprovalBar(state)
        self.limit = LimitBar(state)
        self.footer = Footer(state, keys)
        self.shape = Shape()
        self.listeners: list[Callable[[], None]] = []
        """Called when the log of attempts may have changed."""
        self._app = app
        self._state = state
        self._clock: Timer | None = None

    def show(self, changed: Changed) -> None:
        """Bring the regions that changed up to date."""
        if Changed.TRANSCRIPT in changed:
            self.chat.update()
        if Changed.TOOLS in changed:
            self.tools.show()
        if Changed.COST in changed:
            self.cost.fit()
            self._run_clock()
        if Changed.ATTEMPTS in changed:
            self._tell_listeners()
        if Changed.HEADER in changed:
            self.header.show()
            self.footer.show()
        if Changed.APPROVALS in changed:
            self.approvals.update()
            if self._state.approvals:
                self.chat.come_to_rest()
        if Changed.ACTIVITY in changed:
            self.queue.fit()
            self.footer.show()
            self._run_clock()
            if self._state.busy:
                self.limit.close()

    def show_all(self) -> None:
        """Bring every region up to date, as after another session was opened."""
        self.chat.follow = True
        self.show(~Changed.NOTHING)

    def to_end(self) -> None:
        """Follow the newest message again, as after the person has sent something."""
        self.chat.follow = True
        self.chat.update()
        if not self._state.busy:
            self.chat.come_to_rest()

    def note(self, text: str) -> None:
        """Say something in the footer for two seconds."""
        self.footer.note = text
        self.footer.show()
        self._app.set_timer(NOTE_S, lambda: self._forget(text))

    def fold(self, columns: int, rows: int) -> None:
        """Show the regions that fit, or that the person asked for."""
        shape = self.shape
        self.tools.display = shape.shows_tools(columns)
        self.cost.display = shape.shows_cost(columns)
        self.cost.alone = not self.tools.display
        if self.cost.display:
            self.cost.fit()
        self._run_clock()
        side = self.tools.parent
        if side is not None:
            side.display = self.tools.display or self.cost.display
            side.set_class(not shape.shows_chat(columns), "alone")
        self.chat.display = shape.shows_chat(columns)
        self.header.display = not is_small(columns, rows)
        self.footer.names_mode = not self.header.display
        self.footer.show()

    def _forget(self, text: str) -> None:
        if self.footer.note == text:
            self.footer.note = ""
            self.footer.show()

    def _run_clock(self) -> None:
        """Ages tick once a second while koi works, and what counts down while it can be seen.

        No timer runs while koi waits and there is nothing to count.
        """
        counts = self._state.busy or self._counts_down
        if counts and self._clock is None:
            self._clock = self._app.set_interval(1.0, self._tick)
        elif not counts and self._clock is not None:
            self._clock.stop()
            self._clock = None

    @property
    def _counts_down(self) -> bool:
        return self.cost.display and self._state.requests.cools(time.monotonic())

    def _tick(self) -> None:
        self.footer.show()
        self.tools.show()
        self.cost.show()
        self._tell_listeners()
        self._run_clock()

    def _tell_listeners(self) -> None:
        for listener in tuple(self.listeners):
            listener()
