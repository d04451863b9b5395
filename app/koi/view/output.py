"""Output of programs as lines: diffs marked and coloured, long output clipped."""

from __future__ import annotations

from typing import NamedTuple

from koi.view.line import MUTED, PLAIN, Face, Line, Measure, Prefix, cells, length
from koi.view.wrap import MINIMUM_ROOM, Wrapper

MAX_LINES = 2_000
MAX_CHARACTERS = 64_000
MAX_LINE_CHARACTERS = 2_000
TAB = 4

ADDED = Face("diff_add")
REMOVED = Face("diff_remove")
HUNK = Face("diff_hunk")
OUTPUT = Face("output")


class Clipped(NamedTuple):
    """The lines that are kept, and how many were left out after them."""

    lines: list[str]
    left_out: int


def clip(text: str) -> Clipped:
    """The first lines of a text, within the bounds of what a screen should hold."""
    lines = text.removesuffix("\n").split("\n") if text else []
    total = len(lines)
    kept: list[str] = []
    size = 0
    for line in lines[:MAX_LINES]:
        size += min(len(line), MAX_LINE_CHARACTERS)
        if size > MAX_CHARACTERS:
            break
        kept.append(_shortened(line))
    return Clipped(kept, total - len(kept))


def _shortened(line: str) -> str:
    if len(line) <= MAX_LINE_CHARACTERS:
        return line
    return f"{line[:MAX_LINE_CHARACTERS]}… ({len(line) - MAX_LINE_CHARACTERS} more characters)"


def diff_face(line: str) -> Face:
    """How a line of a unified diff looks. Its own first character says the same."""
    if line.startswith(("+++", "---", "@@", "diff ", "index ")):
        return HUNK
    if line.startswith("+"):
        return ADDED
    if line.startswith("-"):
        return REMOVED
    return MUTED if line.startswith("\\") else PLAIN


def without_names(diff: str) -> str:
    """A diff of one file without its two lines of names, where the name stands above anyway."""
    first, _, rest = diff.partition("\n")
    second, _, body = rest.partition("\n")
    named = first.startswith("--- ") and second.startswith("+++ ") and body.startswith("@@")
    return body if named and "\n--- " not in body else diff


def output_lines(
    lines: list[str], width: int, measure: Measure, prefix: Prefix, *, diff: bool = False
) -> list[Line]:
    """Literal lines, cut at the width, each with a prefix."""
    room = max(MINIMUM_ROOM, width - cells(prefix, measure))
    gutter = length(prefix)
    out: list[Line] = []
    for line in lines:
        text = line.expandtabs(TAB)
        face = diff_face(line) if diff else OUTPUT
        if len(text) <= room and (text.isascii() or measure(text) <= room):
            out.append(Line((*prefix, (text, face)) if text else prefix, gutter))
            continue
        wrapper = Wrapper(width, prefix, prefix, measure, hard=True)
        wrapper.feed(text, face)
        wrapper.newline()
        out += wrapper.lines
    return out
