"""Scroll bars in the terminal's own colours: a thin mark that needs no background, on any theme."""

from __future__ import annotations

from math import ceil

from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style
from textual.geometry import Region
from textual.scrollbar import ScrollBar, ScrollBarRender

THUMB = "▐"
_COLOUR = "bright_black"


class PlainBar(ScrollBarRender):
    """Textual paints the track with a colour, which is black where the terminal is white."""

    @classmethod
    def render_bar(
        cls,
        size: int = 25,
        virtual_size: float = 50,
        window_size: float = 20,
        position: float = 0,
        thickness: int = 1,
        vertical: bool = True,
        back_color: Color = Color.default(),  # noqa: B008
        bar_color: Color = Color.default(),  # noqa: B008
    ) -> Segments:
        """One segment for each cell of the bar; without a window there is nothing to scroll."""
        above = Segment(" ", Style(meta={"@mouse.down": "scroll_up"}))
        thumb = Segment(THUMB, Style(color=_COLOUR, meta={"@mouse.down": "grab"}))
        below = Segment(" ", Style(meta={"@mouse.down": "scroll_down"}))
        if not window_size or virtual_size <= window_size:
            return Segments([Segment(" ")] * size, new_lines=vertical)
        start, end = thumb_rows(size, virtual_size, window_size, position)
        cells = [above] * start + [thumb] * (end - start) + [below] * (size - end)
        return Segments(cells, new_lines=vertical)


def thumb_rows(size: int, virtual: float, window: float, position: float) -> tuple[int, int]:
    """The first row of the thumb and the one after its last; equal when there is none."""
    if not window or virtual <= window:
        return 0, 0
    length = max(1, ceil(window * size / virtual))
    start = round((size - length) * max(0.0, min(1.0, position / (virtual - window))))
    return start, start + length


def move(bar: ScrollBar, virtual: int, window: int, position: float) -> None:
    """Tell a bar what it shows; only the rows that change are painted again."""
    size = bar.size.height
    before = thumb_rows(size, bar.window_virtual_size, bar.window_size, bar.position)
    bar.set_reactive(ScrollBar.window_virtual_size, virtual)
    bar.set_reactive(ScrollBar.window_size, window)
    bar.set_reactive(ScrollBar.position, position)
    after = thumb_rows(size, virtual, window, position)
    if before == after or not size:
        return
    known = [rows for rows in (before, after) if rows[0] < rows[1]]
    top, bottom = min(rows[0] for rows in known), max(rows[1] for rows in known)
    bar.refresh(Region(0, top, bar.size.width, bottom - top))
