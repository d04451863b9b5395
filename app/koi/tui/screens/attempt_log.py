"""F6: the attempts of each turn since the session was opened, live while one runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from koi.tui.line_pane import LinePane
from koi.tui.screens.modal import Modal
from koi.tui.screens.scroll_pane import ScrollPane
from koi.view.attempt_log import AttemptLog, TurnLog
from koi.view.line import Line
from koi.view.lines.attempts import log_lines, turn_title


class AttemptLogScreen(Modal[None]):
    """`listeners` are called whenever the log may have changed, and once a second while koi works.

    `key` closes it like Esc: it is the one that opened it.
    """

    DEFAULT_CSS = """
    AttemptLogScreen Vertical {
        width: 95%; max-width: 130; height: 85%;
        border: round $border; padding: 0 1; background: $background;
    }
    AttemptLogScreen #turn { height: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,enter,ctrl+c", "dismiss", "Close"),
        Binding("left,h", "turn(-1)", show=False),
        Binding("right,l", "turn(1)", show=False),
    ]

    def __init__(self, log: AttemptLog, listeners: list[Callable[[], None]], key: str) -> None:
        super().__init__()
        self._log = log
        self._listeners = listeners
        self._number: int | None = None
        self._title = LinePane(self._title_lines, id="turn")
        self._page = ScrollPane(self._lines)
        for name in key.split(","):
            self._bindings.bind(name.strip(), "dismiss", show=False)

    def compose(self) -> ComposeResult:
        """The turn, and its attempts below."""
        with Vertical() as box:
            box.border_title = "attempts"
            box.border_subtitle = "← → turn · ↑ ↓ scroll · Esc close"
            yield self._title
            yield self._page

    def on_mount(self) -> None:
        """From the newest attempt on, and live."""
        self._page.focus()
        self._page.to_end()
        self._listeners.append(self.update)

    def on_unmount(self) -> None:
        """Nothing is live any more."""
        self._listeners.remove(self.update)

    def update(self) -> None:
        """The log may have changed."""
        if self._page.at_end:
            self._page.to_end()
        else:
            self._page.show()
        self._title.show()

    def action_turn(self, step: int) -> None:
        """The turn before, or after; past the newest it follows again."""
        turns = self._log.turns
        if not turns or (shown := self._turn) is None:
            return
        place = max(0, min(turns.index(shown) + step, len(turns) - 1))
        self._number = None if place == len(turns) - 1 else turns[place].number
        self._page.to_end()
        self._title.show()

    @property
    def _turn(self) -> TurnLog | None:
        """The turn that is shown; one that is not kept any more gives way to the oldest."""
        turns = self._log.turns
        if self._number is None or not turns:
            return turns[-1] if turns else None
        return next((turn for turn in turns if turn.number >= self._number), turns[-1])

    def _title_lines(self, width: int, height: int) -> Sequence[Line]:
        turn = self._turn
        if turn is None:
            return ()
        return [turn_title(turn, self._log.turns[-1].number, width, cell_len)]

    def _lines(self, width: int) -> Sequence[Line]:
        return log_lines(self._turn, width, time.monotonic(), cell_len)
