"""Prefix sums that change: which row belongs to which item, in O(log n)."""

from __future__ import annotations

from collections.abc import Sequence


class Heights:
    """A Fenwick tree over the heights of the items; it grows at the end."""

    __slots__ = ("_tree", "total", "values")

    def __init__(self, values: Sequence[int] = ()) -> None:
        self.values = list(values)
        self.total = sum(self.values)
        self._tree = [0, *self.values]
        for index in range(1, len(self._tree)):
            parent = index + (index & -index)
            if parent < len(self._tree):
                self._tree[parent] += self._tree[index]

    def __len__(self) -> int:
        return len(self.values)

    def append(self, value: int) -> None:
        """Add one item's height at the end."""
        self.values.append(value)
        index = len(self.values)
        low = index - (index & -index)
        total, at = value, index - 1
        while at > low:
            total += self._tree[at]
            at -= at & -at
        self._tree.append(total)
        self.total += value

    def set(self, index: int, value: int) -> int:
        """Change one height; returns the difference."""
        delta = value - self.values[index]
        if delta:
            self.values[index] = value
            self.total += delta
            at = index + 1
            while at < len(self._tree):
                self._tree[at] += delta
                at += at & -at
        return delta

    def before(self, index: int) -> int:
        """The sum of the heights of all items before this one."""
        total = 0
        while index > 0:
            total += self._tree[index]
            index -= index & -index
        return total

    def find(self, row: int) -> tuple[int, int]:
        """The item that holds a row, and the row within it."""
        at, step = 0, 1 << max(0, len(self._tree).bit_length() - 1)
        while step:
            probe = at + step
            if probe < len(self._tree) and self._tree[probe] <= row:
                at = probe
                row -= self._tree[probe]
            step >>= 1
        return at, row
