"""The table as a leaf: rows are parsed once and laid out again only when the widths change."""

from __future__ import annotations

from typing import Self

from koi.view.line import Line, Measure, cells
from koi.view.markdown.inline import References
from koi.view.markdown.leaf import Leaf, Margin
from koi.view.markdown.table import Row, allot, natural_widths, parse_row, row_lines, rule_line

FREE_ROWS = 32
"""Up to here the widths follow every row. Later they are fixed again when the number of rows has
grown by half, and at the end: a growing table is laid out O(log n) times, not n times."""


class Grid(Leaf):
    """A table."""

    __slots__ = (
        "_base",
        "_done",
        "_extra",
        "_head",
        "_next",
        "_over",
        "_rows",
        "_wanted",
        "_widths",
        "aligns",
        "references",
    )

    def __init__(
        self, head: str, aligns: list[str], references: References, margin: Margin, measure: Measure
    ) -> None:
        super().__init__("table", margin, measure)
        self.references, self.aligns = references, aligns
        self._head: Row = parse_row(head, len(aligns), references, head=True)
        self._rows: list[Row] = []
        self._wanted = natural_widths(self._head, measure)
        self._base: Grid | None = None
        self._extra: Row | None = None
        self._widths: list[int] = []
        self._done = -1  # rows in `stable`; -1: not even the head
        self._next = 0  # look at the widths again at so many rows
        self._over = False

    def add(self, line: str) -> None:
        """A row."""
        row = parse_row(line, len(self.aligns), self.references)
        if self._base is not None:
            self._extra = row
            return
        self._rows.append(row)
        natural = natural_widths(row, self.measure)
        self._wanted = [max(pair) for pair in zip(self._wanted, natural, strict=True)]

    def fork(self) -> Self:
        """A copy that shares the finished rows."""
        other = super().fork()
        other._base = self
        return other

    def finish(self) -> None:
        """The widths are now decided by all rows."""
        self._over, self._next = True, 0

    def reset(self) -> None:
        """Forget the layout."""
        if self._base is None:
            self._done, self._widths, self._next = -1, [], 0

    def sync(self) -> None:
        """Lay out new rows, or all of them when the widths change."""
        if self._base is not None:
            self._base.height(self.width)
            self.stable, self.tail = self._base.stable, []
            if self._extra is not None:
                self.tail = self._lines(self._extra, self._base._widths)
            return
        count = len(self._rows)
        if count == self._done and not (self._over and self._next == 0):
            return
        if count >= self._next:
            widths = allot(self._wanted, self.width - cells(self.rest, self.measure))
            if widths != self._widths:
                self._widths, self._done = widths, -1
            self._next = count + 1 if count < FREE_ROWS else count + count // 2
        if self._done < 0:
            self.stable = self._lines(self._head, self._widths, head=True)
            self.stable.append(rule_line(self._widths, self.rest))
            self._done = 0
        for row in self._rows[self._done :]:
            self.stable += self._lines(row, self._widths)
        self._done = count

    def _lines(self, row: Row, widths: list[int], *, head: bool = False) -> list[Line]:
        first = self.first if head else self.rest
        return row_lines(row, widths, self.aligns, first, self.rest, self.measure)
