"""Rows with a left and a right end, within a width."""

from __future__ import annotations

from collections.abc import Sequence

from koi.view.graphemes import shorten
from koi.view.line import PLAIN, Line, Measure, Span, cells


def fit(spans: Sequence[Span], width: int, measure: Measure) -> list[Span]:
    """The spans, cut with an ellipsis where the width ends."""
    out: list[Span] = []
    left = width
    for text, face in spans:
        taken = len(text) if text.isascii() else measure(text)
        if taken > left:
            if left > 0:
                out.append((shorten(text, left, measure), face))
            return out
        out.append((text, face))
        left -= taken
    return out


def row(left: Sequence[Span], right: Sequence[Span], width: int, measure: Measure) -> Line:
    """Left and right at their ends of one line; the left gives way when there is no room."""
    taken = cells(right, measure)
    if taken + 4 > width:
        right, taken = (), 0
    head = fit(left, width - taken - (1 if right else 0), measure)
    if not right:
        return Line(tuple(head))
    pad = " " * (width - taken - cells(head, measure))
    return Line((*head, (pad, PLAIN), *right))


def fill(lines: list[Line], height: int) -> list[Line]:
    """Exactly `height` lines: cut, or with blank ones below."""
    return (lines + [Line(())] * (height - len(lines)))[: max(0, height)]
