"""The calls of the session and the output of the chosen one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding

from koi.tui.line_pane import LinePane
from koi.view.line import Face, Line
from koi.view.lines.tools import tool_pane_lines
from koi.view.state import ScreenState

EDGE = ("│ ", Face("rule"))


class ToolsPane(LinePane, can_focus=True):
    """Up and Down choose a call while the pane has the focus."""

    BINDINGS: ClassVar = [
        Binding("up", "choose(-1)", show=False),
        Binding("down", "choose(1)", show=False),
    ]

    def __init__(self, state: ScreenState) -> None:
        super().__init__(self._lines_now, id="tools")
        self._state = state

    def action_choose(self, step: int) -> None:
        """Choose the call above or below."""
        self._state.select_call(step)
        self.show()

    def on_focus(self) -> None:
        """The choice becomes visible."""
        self.show()

    def on_blur(self) -> None:
        """The choice is no longer marked."""
        self.show()

    def _lines_now(self, width: int, height: int) -> Sequence[Line]:
        inner = tool_pane_lines(
            self._state, width - 2, height, time.monotonic(), focused=self.has_focus
        )
        return [Line((EDGE, *line.spans)) for line in inner]
