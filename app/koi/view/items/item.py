"""What every entry of a transcript can do: say how high it is, give its lines, fold."""

from __future__ import annotations

from koi.view.line import BLANK, PLAIN, Line, Measure, Prefix

INDENT: Prefix = (("     ", PLAIN),)
"""The column of the labels; text stands beside it."""


class Item:
    """One entry. `layout` gives its exact height; `estimate` guesses it without any parsing.

    Texts are made safe when they come in; lines hold nothing that a terminal would obey.
    """

    __slots__ = ("gap", "measure", "width")

    def __init__(self, measure: Measure) -> None:
        self.measure = measure
        self.width = -1
        """The width of the last layout; -1 when that is out of date."""
        self.gap = 0
        """Blank lines above."""

    @property
    def compact(self) -> bool:
        """Compact entries stand together without blank lines between them."""
        return False

    @property
    def source(self) -> str:
        """The text of the entry."""
        return ""

    @property
    def open(self) -> bool:
        """True while text still comes."""
        return False

    def estimate(self, width: int) -> int:
        """A guess of the height."""
        text = self.source
        breaks = text.count("\n")
        wrapped = max(0, len(text) - breaks * 40) // max(20, width)
        return self.gap + 1 + breaks + wrapped

    def layout(self, width: int) -> int:
        """Lay out for a width: the number of lines."""
        self.width = width
        return self.gap + self.body_height(width)

    def line(self, index: int) -> Line:
        """A line, counted from 0; valid after `layout`."""
        return self.body_line(index - self.gap) if index >= self.gap else BLANK

    def body_height(self, width: int) -> int:
        """The lines without the blank ones above."""
        raise NotImplementedError

    def body_line(self, index: int) -> Line:
        """A line of the body."""
        raise NotImplementedError

    def click(self, index: int) -> bool:
        """Fold or unfold after a click on a line; True when that changed something."""
        return False

    @property
    def colourless(self) -> bool:
        """True while code in it is shown plain for the time being."""
        return False

    def recolour(self) -> bool:
        """Colour a slice of what is shown plain for the time being; False when nothing is."""
        return False

    def release(self) -> None:
        """Drop what can be made again from the source."""
