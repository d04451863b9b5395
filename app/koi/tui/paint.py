"""Lines to strips: the only place where looks become terminal styles."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.filter import NoColor
from textual.strip import Strip
from textual.widget import Widget

from koi.tui.theme import STYLES, WITHOUT_COLOUR
from koi.view.graphemes import belong_together
from koi.view.line import Face, Line

Mark: TypeAlias = tuple[int, int, Style]
"""A style over the characters from start to end of a line."""

_FLAGS = {"b": "bold", "i": "italic", "r": "reverse", "s": "strike", "u": "underline"}


class Painter:
    """Styles of faces over one base style. Make a new one when the theme changes."""

    def __init__(self, base: Style, *, colour: bool = True) -> None:
        self.base = base
        self._kinds = STYLES if colour else WITHOUT_COLOUR
        self._styles: dict[Face, Style] = {}

    def style(self, face: Face) -> Style:
        """The style of a face."""
        style = self._styles.get(face)
        if style is None:
            flags = " ".join([_FLAGS[flag] for flag in face.flags])
            style = self.base + Style.parse(f"{self._words(face.kind)} {flags}".strip() or "none")
            if face.href and not face.href.startswith("koi:"):
                style += Style(link=face.href)
            if len(self._styles) > 2_000:  # every link is a face of its own
                self._styles.clear()
            self._styles[face] = style
        return style

    def _words(self, kind: str) -> str:
        known = self._kinds.get(kind)
        while known is None and kind.startswith("tok:") and len(kind) > 5:
            kind = kind[:-1]
            known = self._kinds.get(kind)
        return known or ""

    def strip(self, line: Line, width: int, marks: Sequence[Mark] = ()) -> Strip:
        """A line as a strip of exactly `width` cells."""
        segments: list[Segment] = []
        if marks:
            at = 0
            for text, face in line.spans:
                segments += _cut(text, at, self.style(face), marks)
                at += len(text)
        else:
            segments = [Segment(text, self.style(face)) for text, face in line.spans]
        cells = sum([len(text) if text.isascii() else cell_len(text) for text, _, _ in segments])
        if cells > width:
            return Strip(segments, cells).crop(0, width)
        if cells < width:
            segments.append(Segment(" " * (width - cells), self.base))
        return Strip(segments, width)


def _cut(text: str, at: int, style: Style, marks: Sequence[Mark]) -> list[Segment]:
    """A span with marks over it."""
    edges = {0, len(text)}
    for start, end, _ in marks:
        edges.update(edge for edge in (start - at, end - at) if 0 < edge < len(text))
    points = sorted(edges)
    out: list[Segment] = []
    for left, right in pairwise(points):
        merged = style
        for start, end, mark in marks:
            if start <= at + left and at + right <= end:
                merged += mark
        out.append(Segment(text[left:right], merged))
    return out


def painter_for(widget: Widget) -> Painter:
    """A painter for the current theme: on the terminal's own background where that is allowed."""
    app = widget.app
    base = Style.null() if app.native_ansi_color else widget.rich_style
    return Painter(base, colour=not app.no_color)


def filtered(strip: Strip, widget: Widget) -> Strip:
    """A strip after the application's line filters.

    They are applied once, when the strip is made, not at each paint. Without colour the painter
    has used none, so that filter has nothing to do.
    """
    for line_filter in widget.get_line_filters():
        if not isinstance(line_filter, NoColor):
            strip = strip.apply_filter(line_filter, widget.background_colors[1])
    return strip


class Cells(NamedTuple):
    """A range of columns."""

    left: int
    right: int


def changed_cells(old: Strip, new: Strip) -> Cells | None:
    """The columns in which two strips of the same width differ; None when they do not."""
    before, after = list(old), list(new)
    left = 0
    for one, two in zip(before, after, strict=False):
        if one == two:
            left += cell_len(one.text)
            continue
        if one.style == two.style:
            left += _same_start(one.text, two.text)
        break
    right = new.cell_length
    if before and after and before[-1].style == after[-1].style:
        first, last = before[-1].text, after[-1].text
        if first.isspace() and last.isspace():
            right -= min(len(first), len(last))
    return Cells(left, right) if left < right else None


def _same_start(one: str, two: str) -> int:
    """The cells of what two texts begin with alike, not cut inside a grapheme."""
    count = min(len(one), len(two))
    if one[:count] != two[:count]:
        count = next(at for at in range(count) if one[at] != two[at])
    while count and (
        belong_together(one[:count], one[count:]) or belong_together(two[:count], two[count:])
    ):
        count -= 1
    return cell_len(one[:count])
