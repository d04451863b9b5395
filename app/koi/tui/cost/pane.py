"""What the turn and the session cost, and the tokens behind it."""

from __future__ import annotations

from collections.abc import Sequence

from koi.tui.line_pane import LinePane
from koi.tui.tools.pane import EDGE
from koi.view.line import Face, Line
from koi.view.lines.cost import cost_pane_lines
from koi.view.state import ScreenState


class CostPane(LinePane):
    """A fixed number of rows below the tools."""

    def __init__(self, state: ScreenState) -> None:
        super().__init__(self._lines_now, id="cost")
        self._state = state

    def _lines_now(self, width: int, height: int) -> Sequence[Line]:
        rule = Line((("├" + "─" * (width - 1), Face("rule")),))
        inner = cost_pane_lines(self._state, width - 2)[: height - 1]
        inner += [Line(())] * (height - 1 - len(inner))
        return [rule, *(Line((EDGE, *line.spans)) for line in inner)]
