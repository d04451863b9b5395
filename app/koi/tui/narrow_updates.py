"""A workaround for Textual: an update sends only the cells that changed.

Textual 8.2.8 cuts an update at the right edge of the dirty region, but always sends the row from
the left edge of the widget. A token at the end of a line would cost the whole line.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate


def narrow_updates() -> None:
    """Replace ChopsUpdate.render_segments for this process. Call it before the application runs."""
    ChopsUpdate.render_segments = _render_segments  # type: ignore[method-assign]


def _render_segments(self: ChopsUpdate, console: Console) -> str:
    """Raw data with escape sequences for the dirty spans alone."""
    out: list[str] = []
    last_y = self.spans[-1][0]
    for y, first, last in self.spans:
        for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
            if strip is None or x > last or end <= first:
                continue
            left, right = max(x, first), min(end, last)
            if left >= right:
                continue
            whole = left == x and right == end
            piece = strip if whole else strip.crop(left - x, right - x)
            out.append(Control.move_to(left, y).segment.text)
            out.append(piece.render(console))
        if y != last_y:
            out.append("\n")
    return "".join(out)
