"""The whole transcript as a virtual list of lines: only what is looked at is laid out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from koi.view.heights import Heights
from koi.view.items.item import Item
from koi.view.line import Line

KEEP = 300
"""Items that stay laid out; the others fall back to their source text."""


class Transcript:
    """Items, their heights (exact or guessed) at one width, and positions that stay right.

    A position is (item, line in it): corrections of heights above do not move it.
    """

    def __init__(self, width: int = 80) -> None:
        self.width = width
        self.items: list[Item] = []
        self.heights = Heights()
        self._recent: OrderedDict[int, None] = OrderedDict()

    @property
    def rows(self) -> int:
        """Lines of all items; those of unseen items are guesses."""
        return self.heights.total

    def add(self, item: Item) -> int:
        """Append an item; returns its index."""
        self._space(item, self.items[-1] if self.items else None)
        self.items.append(item)
        self.heights.append(item.layout(self.width) if item.open else item.estimate(self.width))
        return len(self.items) - 1

    def extend(self, items: Sequence[Item]) -> None:
        """Append many at once (resume): nothing is laid out."""
        above = self.items[-1] if self.items else None
        for item in items:
            self._space(item, above)
            above = item
        values = self.heights.values + [item.estimate(self.width) for item in items]
        self.items += items
        self.heights = Heights(values)

    def clear(self) -> None:
        """Forget all items."""
        self.items = []
        self.heights = Heights()
        self._recent.clear()

    @staticmethod
    def _space(item: Item, above: Item | None) -> None:
        """A blank line above, except between compact entries."""
        item.gap = 0 if above is None or (above.compact and item.compact) else 1

    def set_width(self, width: int) -> None:
        """Nothing is wrapped now: heights are guesses again until they are looked at."""
        if width == self.width:
            return
        self.width = width
        self.heights = Heights([item.estimate(width) for item in self.items])

    def measure(self, index: int) -> int:
        """Make one item's height exact; returns the change."""
        item = self.items[index]
        if item.width == self.width and not item.open:
            return 0
        self._recent[index] = None
        self._recent.move_to_end(index)
        while len(self._recent) > KEEP:
            oldest, _ = self._recent.popitem(last=False)
            self.items[oldest].release()
        return self.heights.set(index, item.layout(self.width))

    def changed(self, index: int) -> None:
        """An item has another height perhaps; it is laid out when it is looked at."""
        self.items[index].width = -1

    def click(self, index: int, line: int) -> bool:
        """A click on a line of an item; True when it folded or unfolded."""
        if not self.items[index].click(line):
            return False
        self.changed(index)
        self.measure(index)
        return True

    def colourless(self, first: int, last: int) -> bool:
        """True while one of the items `first` to `last` shows code without its colours."""
        return any(item.colourless for item in self.items[first : last + 1])

    def recolour(self, first: int, last: int) -> bool:
        """Colour a slice of what the items `first` to `last` show plain; False when done."""
        return any(item.recolour() for item in self.items[first : last + 1] if item.colourless)

    # -- positions

    def position(self, row: int) -> tuple[int, int]:
        """A row as a position."""
        return self.heights.find(max(0, min(row, self.rows - 1)))

    def row(self, position: tuple[int, int]) -> int:
        """A position as a row."""
        index, line = position
        if index >= len(self.items):
            return self.rows
        return self.heights.before(index) + min(line, max(0, self.heights.values[index] - 1))

    def settle_end(self, count: int) -> None:
        """Make the heights of the last `count` lines exact."""
        index, left = len(self.items) - 1, count
        while index >= 0 and left > 0:
            self.measure(index)
            left -= self.heights.values[index]
            index -= 1

    def settle(self, position: tuple[int, int], count: int) -> None:
        """Make exact what is visible from a position down, and one page above it."""
        index, line = position
        left = count + line
        while index < len(self.items) and left > 0:
            self.measure(index)
            left -= self.heights.values[index]
            index += 1
        above, left = min(position[0], len(self.items)) - 1, count
        while above >= 0 and left > 0:
            self.measure(above)
            left -= self.heights.values[above]
            above -= 1

    def window(self, row: int, count: int) -> list[tuple[int, int, Line]]:
        """(item, line, Line) for `count` rows; their items must be settled."""
        out: list[tuple[int, int, Line]] = []
        if not self.items:
            return out
        index, line = self.heights.find(row)
        while len(out) < count and index < len(self.items):
            item = self.items[index]
            if item.width != self.width:
                self.measure(index)
            height = self.heights.values[index]
            while line < height and len(out) < count:
                out.append((index, line, item.line(line)))
                line += 1
            index, line = index + 1, 0
        return out

    # -- text

    def copy(self, start: tuple[int, int, int] | None, end: tuple[int, int, int] | None) -> str:
        """The text between two (item, line, character); None is the very start or end."""
        first = start or (0, 0, 0)
        last = end or (len(self.items) - 1, 1 << 30, 1 << 30)
        out: list[str] = []
        for index in range(first[0], min(last[0], len(self.items) - 1) + 1):
            self.measure(index)
            item = self.items[index]
            for number in range(first[1] if index == first[0] else 0, self.heights.values[index]):
                here = (index, number)
                if here > last[:2]:
                    break
                line = item.line(number)
                text = line.text
                left = max(line.gutter, first[2] if here == first[:2] else 0)
                right = last[2] if here == last[:2] else len(text)
                if out:
                    out.append(line.joint if line.soft else "\n")
                out.append(text[left:right])
        return "".join(out).strip("\n")
