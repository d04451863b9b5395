"""A region of ready lines: header, panes, status. Cheap to ask for at every paint of the screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from koi.tui.paint import Painter, changed_cells, filtered, painter_for
from koi.view.line import BLANK, Line

Source = Callable[[int, int], Sequence[Line]]
"""Lines for a width and a height."""


class LinePane(Widget):
    """Shows the lines that `source` gives for its size. `show()` repaints the cells that differ.

    It never asks for a layout: its size is set by style sheets.
    """

    DEFAULT_CSS = "LinePane { height: 1; }"

    def __init__(self, source: Source, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.source = source
        self._lines: list[Line] = []
        self._strips: list[Strip] = []
        self._painter: Painter | None = None

    def show(self) -> None:
        """Ask the source again and repaint what is different."""
        width, height = self.size
        if not width or not height or not self.is_attached:
            return
        whole = self._painter is None or len(self._strips) != height
        if self._painter is None:
            self._painter = painter_for(self)
        if self._strips and self._strips[0].cell_length != width:
            whole = True
        lines = list(self.source(width, height))[:height]
        lines += [BLANK] * (height - len(lines))
        strips: list[Strip] = []
        dirty: list[Region] = []
        for y, line in enumerate(lines):
            if not whole and line == self._lines[y]:
                strips.append(self._strips[y])
                continue
            strip = filtered(self._painter.strip(line, width), self)
            strips.append(strip)
            if not whole and (span := changed_cells(self._strips[y], strip)) is not None:
                dirty.append(Region(span.left, y, span.right - span.left, 1))
        self._lines, self._strips = lines, strips
        if whole:
            self.refresh()
        elif dirty:
            self.refresh(*dirty)

    def render_lines(self, crop: Region) -> list[Strip]:
        """What the compositor paints: strips that are ready."""
        width, height = self.size
        if len(self._strips) != height or (self._strips and self._strips[0].cell_length != width):
            self.show()
        strips = self._strips[crop.y : crop.bottom]
        if crop.x or crop.right < width:
            return [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    def on_resize(self) -> None:
        """Another size needs other lines."""
        self.show()

    def watch_has_focus(self, _has_focus: bool) -> None:
        """What a pane shows may depend on the focus; `on_focus` would come before it has it."""
        super().watch_has_focus(_has_focus)
        self.show()

    def notify_style_update(self) -> None:
        """Another theme needs other styles."""
        super().notify_style_update()
        if self._painter is not None and self._painter.base != painter_for(self).base:
            self._painter = None
            self.show()

    def line_at(self, y: int) -> Line | None:
        """The line in a row, for clicks."""
        return self._lines[y] if 0 <= y < len(self._lines) else None
