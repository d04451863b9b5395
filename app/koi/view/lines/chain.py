"""The candidates of a role under its models in the cost pane."""

from __future__ import annotations

from collections.abc import Sequence

from koi.view.chains import ChainRow
from koi.view.graphemes import shorten
from koi.view.line import MUTED, PLAIN, Face, Line, Measure
from koi.view.lines.row import fit

MOST_ROWS = 6
_FACES = {
    "ready": MUTED,
    "active": Face("accent"),
    "cooling": Face("warn"),
    "probing": Face("accent"),
    "no_key": MUTED,
    "refused": Face("error"),
    "unfit": MUTED,
    "unknown": MUTED,
}


def chain_lines(
    rows: Sequence[ChainRow], now: float, width: int, measure: Measure, most: int = MOST_ROWS
) -> list[Line]:
    """A line for each candidate with its condition in words; none while there is only one and
    nothing is wrong with it. Of more than `most`, those that say the most.
    """
    if len(rows) < 2 and all(row.condition in ("ready", "active") for row in rows):
        return []
    shown = _chosen(rows, now, most)
    lines = [_line(rows, index, now, width, measure) for index in shown]
    if left := len(rows) - len(shown):
        text = f"  … {left} more: /fallback"
        lines.append(Line(tuple(fit([(text, MUTED)], width, measure))))
    return lines


def _chosen(rows: Sequence[ChainRow], now: float, most: int) -> list[int]:
    """The places of the rows that are shown, in order."""
    if len(rows) <= most:
        return list(range(len(rows)))

    def weight(index: int) -> tuple[bool, bool, int]:
        row = rows[index]
        return row.condition != "active", not (index == 0 or row.cools(now)), index

    return sorted(sorted(range(len(rows)), key=weight)[: max(1, most - 1)])


def _line(rows: Sequence[ChainRow], index: int, now: float, width: int, measure: Measure) -> Line:
    row = rows[index]
    active = row.condition == "active"
    fallback = row.model != rows[0].model
    label = "fallback " if fallback else ""
    alone = sum(each.model == row.model for each in rows) == 1
    key = f" …{row.key}" if row.key and not alone else ""
    says = f": {row.says(now)}"
    room = width - 2 - measure(label + key + says)
    name = shorten(row.name, max(4, room), measure)
    spans = [
        ("▸ " if active else "  ", Face("accent", "b")),
        (label, MUTED),
        (name, PLAIN),
        (key, MUTED),
        (says, MUTED if says == ": ready" else _FACES[row.condition]),
    ]
    return Line(tuple(fit([span for span in spans if span[0]], width, measure)))
