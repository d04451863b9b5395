"""The calls of the session and the output of the chosen one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding

from koi.tui.line_pane import LinePane
from koi.view.line import Face, Line
from koi.view.lines.tools import begins_with_its_first_line, shown_calls, tool_pane_lines
from koi.view.state import ScreenState, ToolEntry

EDGE = ("│ ", Face("rule"))


class ToolsPane(LinePane, can_focus=True):
    """Up, Down or a click choose a call; the wheel scrolls its output."""

    BINDINGS: ClassVar = [
        Binding("up", "choose(-1)", show=False),
        Binding("down", "choose(1)", show=False),
    ]

    def __init__(self, state: ScreenState) -> None:
        super().__init__(self._lines_now, id="tools")
        self._state = state
        self._back = 0
        self._back_of: ToolEntry | None = None

    def action_choose(self, step: int) -> None:
        """Choose the call above or below."""
        self._state.select_call(step)
        self.show()

    def on_click(self, event: events.Click) -> None:
        """Choose the call under the pointer."""
        calls = shown_calls(self._state, self.size.height)
        if 1 <= event.y <= len(calls):
            self._state.select_call_at(calls[event.y - 1])
            self.show()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Earlier output."""
        event.stop()
        self._scroll_by(3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Later output."""
        event.stop()
        self._scroll_by(-3)

    def _scroll_by(self, lines: int) -> None:
        chosen = self._state.selected_call
        if chosen is None or chosen.output is None:
            return
        back = self._back if self._back_of is chosen else 0
        most = max(0, len(chosen.output) - self.size.height // 2)
        down = begins_with_its_first_line(chosen)
        low, high = (-most, 0) if down else (0, most)
        self._back, self._back_of = max(low, min(high, back + lines)), chosen
        self.show()

    def _lines_now(self, width: int, height: int) -> Sequence[Line]:
        inner = tool_pane_lines(
            self._state,
            width - 2,
            height,
            time.monotonic(),
            focused=self.has_focus,
            back=self._back if self._back_of is self._state.selected_call else 0,
        )
        return [Line((EDGE, *line.spans)) for line in inner]
