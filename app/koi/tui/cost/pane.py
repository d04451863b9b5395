"""What the turn and the session cost, and the tokens behind it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from koi.tui.line_pane import LinePane
from koi.tui.tools.pane import EDGE
from koi.view.line import Face, Line
from koi.view.lines.cost import cost_pane_lines
from koi.view.state import ScreenState


class CostPane(LinePane):
    """Below the tools; it takes the rows that it needs."""

    def __init__(self, state: ScreenState) -> None:
        super().__init__(self._lines_now, id="cost")
        self._state = state
        self.alone = False
        """True when there is no tools pane above it."""

    def fit(self) -> None:
        """Take another number of rows when there is more or less to say; alone, all of them."""
        width = self.size.width or self.app.size.width
        rows = len(cost_pane_lines(self._state, width - len(EDGE[0]), time.monotonic())) + 1
        height = "1fr" if self.alone else str(min(rows, self.app.size.height // 2))
        if str(self.styles.height) != height:
            self.styles.height = height
        self.show()

    def on_resize(self) -> None:
        """Another width may need another number of rows."""
        self.fit()

    def _lines_now(self, width: int, height: int) -> Sequence[Line]:
        rule = Line((("├" + "─" * (width - 1), Face("rule")),))
        room = height if self.alone else height - 1
        inner = cost_pane_lines(self._state, width - len(EDGE[0]), time.monotonic(), room)
        inner += [Line(())] * (height - len(inner))
        lines = [Line((EDGE, *line.spans)) for line in inner]
        return lines if self.alone else [rule, *lines]
