"""Header, queued prompts and footer."""

from __future__ import annotations

import time
from collections.abc import Sequence

from koi.tui.line_pane import LinePane
from koi.view.line import Line
from koi.view.lines.header import activity_line, header_line, keys_line, queue_lines
from koi.view.state import ScreenState

MAX_QUEUED = 3


class Header(LinePane):
    """Workspace, model, mode, context and cost."""

    def __init__(self, state: ScreenState) -> None:
        super().__init__(lambda width, height: [header_line(state, width)], id="header")


class Queue(LinePane):
    """Prompts that wait for the running turn; without any it takes no room."""

    def __init__(self, state: ScreenState) -> None:
        super().__init__(lambda width, height: queue_lines(state, width)[-height:], id="queue")
        self._state = state
        self.display = False

    def fit(self) -> None:
        """Take as many rows as prompts wait."""
        rows = min(MAX_QUEUED, len(self._state.queued))
        if self.display != bool(rows):
            self.display = bool(rows)
        if rows and self.size.height != rows:
            self.styles.height = rows
        self.show()


class Footer(LinePane):
    """The current step and its age while koi works, else the keys."""

    def __init__(self, state: ScreenState, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__(self._lines_now, id="footer")
        self._state = state
        self._keys = keys
        self.note = ""
        """Said instead of the keys, such as "once more quits"."""
        self.names_mode = False
        """True where there is no header to name the mode."""

    def _lines_now(self, width: int, height: int) -> Sequence[Line]:
        if self._state.busy and not self.note:
            return [activity_line(self._state, width, time.monotonic())]
        keys = [(self.note, "")] if self.note else self._keys
        if self.names_mode:
            mode = f"mode: {self._state.mode}"
            keys = [(key, mode if label == "mode" else label) for key, label in keys]
        return [keys_line(keys, width, self._state.measure)]
