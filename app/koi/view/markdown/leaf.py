"""Leaf blocks as lines. A leaf keeps its finished lines and works out only its open end again.

Every leaf answers `height(width)` and after that `line(index)`. `fork()` gives a copy that also
takes the unfinished source line, without changing the original.
"""

from __future__ import annotations

import copy
from typing import NamedTuple, Self

from koi.view.line import BLANK, Face, Line, Measure, Prefix, cells, length


class Margin(NamedTuple):
    """What stands before the text of a leaf, and the blank line above it, if there is one."""

    first: Prefix
    rest: Prefix
    gap: Line | None


class Leaf:
    """What all leaves have."""

    __slots__ = ("first", "gap", "kind", "measure", "rest", "stable", "tail", "width")

    def __init__(self, kind: str, margin: Margin, measure: Measure) -> None:
        self.kind = kind
        self.first, self.rest, self.gap = margin
        self.measure = measure
        self.width = -1
        self.stable: list[Line] = []  # final at this width; only their colours may change
        self.tail: list[Line] = []

    def height(self, width: int) -> int:
        """Lay out for a width: the number of lines, with the blank line above."""
        if width != self.width:
            self.width = width
            self.reset()
        self.sync()
        return len(self.stable) + len(self.tail) + (self.gap is not None)

    def line(self, index: int) -> Line:
        """A line, counted from 0; valid after `height`."""
        if self.gap is not None:
            if not index:
                return self.gap
            index -= 1
        stable = self.stable
        return stable[index] if index < len(stable) else self.tail[index - len(stable)]

    @property
    def colourless(self) -> bool:
        """True while lines wait for their colours: `recolour` gives some of them theirs."""
        return False

    def recolour(self) -> None:
        """Give the next lines their colours; heights do not change."""
        self.sync()

    def empty_line(self) -> Line:
        """The first line of a leaf that has no text yet."""
        return Line(self.first, length(self.first)) if self.first else BLANK

    def fork(self) -> Self:
        """A copy for the unfinished source line."""
        other = copy.copy(self)
        other.width = -1
        return other

    def reset(self) -> None:
        """Forget the layout."""

    def sync(self) -> None:
        """Bring `stable` and `tail` up to date."""

    def finish(self) -> None:
        """No more text will come."""


class Rule(Leaf):
    """A thematic break."""

    __slots__ = ()

    def sync(self) -> None:
        """One line across the width."""
        used = cells(self.first, self.measure)
        rule = ("─" * max(3, self.width - used), Face("rule"))
        self.stable = [Line((*self.first, rule), length(self.first))]


class Blank(Leaf):
    """An empty list item or quote."""

    __slots__ = ()

    def sync(self) -> None:
        """One line without text."""
        self.stable = [self.empty_line()]
