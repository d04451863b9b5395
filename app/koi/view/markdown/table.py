"""Tables: cells of a row, column widths that fit, rows as lines."""

from __future__ import annotations

import re
from typing import TypeAlias

from koi.view.line import PLAIN, Face, Line, Measure, Prefix, Span, cells, length
from koi.view.markdown.inline import References, inline_spans
from koi.view.wrap import Wrapper

_DELIMITER = re.compile(r"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
HEAD = Face("head", "b")
RULE = Face("rule")
SMALLEST = 3
"""A column has at least so many cells when there is not enough room for all."""

Row: TypeAlias = list[tuple[Span, ...]]
"""The parsed cells of a row."""


def delimiter(line: str) -> list[str] | None:
    """The alignments (l, r, c or empty) if this is a delimiter row."""
    if not _DELIMITER.match(line) or ("|" not in line and ":" not in line):
        return None
    out = []
    for cell in split_row(line):
        left, right = cell.startswith(":"), cell.endswith(":")
        out.append("c" if left and right else "r" if right else "l" if left else "")
    return out


def split_row(line: str) -> list[str]:
    r"""The cells of a row; `\|` does not separate."""
    text = line.strip().removeprefix("|")
    if text.endswith("|") and not text.endswith("\\|"):
        text = text[:-1]
    out: list[str] = []
    current = ""
    escaped = False
    for char in text:
        if escaped:
            current += char if char == "|" else "\\" + char
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "|":
            out.append(current.strip())
            current = ""
        else:
            current += char
    return [*out, (current + ("\\" if escaped else "")).strip()]


def parse_row(line: str, columns: int, references: References, *, head: bool = False) -> Row:
    """A row's cells; missing ones are empty, extra ones are dropped (as GitHub does)."""
    texts = (split_row(line) + [""] * columns)[:columns]
    return [inline_spans(text, HEAD if head else PLAIN, references) for text in texts]


def natural_widths(row: Row, measure: Measure) -> list[int]:
    """The cells that each column would like."""
    return [cells(cell, measure) for cell in row]


def allot(wanted: list[int], room: int) -> list[int]:
    """Column widths within `room`: small columns get what they want, others share the rest."""
    room = max(room - 3 * (len(wanted) - 1), len(wanted) * SMALLEST)
    if sum(wanted) <= room:
        return [max(1, want) for want in wanted]
    out = [0] * len(wanted)
    left = room
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    for position, index in enumerate(order):
        share = left // (len(order) - position)
        out[index] = max(SMALLEST, min(wanted[index], share))
        left -= out[index]
    return out


def row_lines(
    row: Row, widths: list[int], aligns: list[str], first: Prefix, rest: Prefix, measure: Measure
) -> list[Line]:
    """One row as lines; a bar stands between the columns."""
    columns: list[list[Line]] = []
    for cell, width in zip(row, widths, strict=True):
        wrapper = Wrapper(width, (), (), measure, minimum_room=1)
        for text, face in cell:
            wrapper.feed(text.replace("\n", " "), face)
        columns.append(wrapper.finish())
    out: list[Line] = []
    for index in range(max(map(len, columns))):
        prefix = rest if index else first
        spans: list[Span] = list(prefix)
        for number, (column, width) in enumerate(zip(columns, widths, strict=True)):
            if number:
                spans.append((" │ ", RULE))
            inside = column[index].spans if index < len(column) else ()
            free = width - cells(inside, measure)
            align = aligns[number]
            left = free if align == "r" else free // 2 if align == "c" else 0
            if left > 0:
                spans.append((" " * left, PLAIN))
            spans += inside
            if free - left > 0 and number < len(widths) - 1:
                spans.append((" " * (free - left), PLAIN))
        out.append(Line(tuple(spans), length(prefix)))
    return out


def rule_line(widths: list[int], prefix: Prefix) -> Line:
    """The line under the head."""
    text = "─┼─".join(["─" * width for width in widths])
    return Line((*prefix, (text, RULE)), length(prefix))
