"""A measured figure, and the Markdown table of all of them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """One row of the table. `limit` is None for what is only for comparison."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def verdict(self) -> str:
        """pass, FAIL, or nothing where there is no limit."""
        if self.limit is None:
            return ""
        good = self.value >= self.limit if self.at_least else self.value <= self.limit
        return "pass" if good else "FAIL"

    @property
    def goal(self) -> str:
        """The limit as a reader sees it."""
        if self.limit is None:
            return ""
        return f"{'≥' if self.at_least else '≤'} {_number(self.limit)} {self.unit}".rstrip()


class Spread(msgspec.Struct, frozen=True):
    """Repeated measurements of one thing."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle."""
        return statistics.median(self.values)

    @property
    def least(self) -> float:
        """The run that was disturbed least."""
        return min(self.values)

    def note(self, unit: str) -> str:
        """How far the runs are apart."""
        return f"{_number(self.least)} to {_number(max(self.values))} {unit}, {len(self.values)} x"


def table(figures: Sequence[Figure]) -> str:
    """All figures as a Markdown table."""
    rows = ["| what | measured | goal | | note |", "|---|--:|--:|---|---|"]
    for one in figures:
        measured = f"{_number(one.value)} {one.unit}".rstrip()
        rows.append(f"| {one.what} | {measured} | {one.goal} | {one.verdict} | {one.note} |")
    return "\n".join(rows)


def _number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"
