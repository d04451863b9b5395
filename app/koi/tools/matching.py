"""Where an edit belongs: exactly there, or where only whitespace or punctuation differ.

Each step of the ladder is tried on its own, and the first that finds anything decides.
"""

from __future__ import annotations

import difflib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import reduce

import msgspec

EXACT = "exact"
_PUNCTUATION = {
    **dict.fromkeys(map(ord, "‐‑‒–—―−"), "-"),
    **dict.fromkeys(map(ord, "‘’‚‛′"), "'"),
    **dict.fromkeys(map(ord, "“”„‟″"), '"'),
    **dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"), " "),
    **dict.fromkeys(map(ord, "\u202f\u205f\u3000"), " "),
}
"""One character for one, so that positions stay the same."""
_COMPARED_LINES = 20_000


class Match(msgspec.Struct, frozen=True):
    """Replace text[start:end] by `new`; `line` counts from 1."""

    start: int
    end: int
    new: str
    line: int


class Found(msgspec.Struct, frozen=True):
    """The places that one step of the ladder found; `tier` says how they equal the old text."""

    tier: str
    matches: tuple[Match, ...]


def find(text: str, old: str, new: str) -> Found | None:
    """All places of `old` in `text` (both with LF line ends), by the strictest step that has any.

    `new` in each match has the indentation of its place.
    """
    folded_text, folded_old = text.translate(_PUNCTUATION), old.translate(_PUNCTUATION)
    steps: tuple[tuple[str, Callable[[], Iterator[Match]]], ...] = (
        (EXACT, lambda: _exact(text, old, new)),
        ("trailing whitespace ignored", lambda: _lines(text, old, new, _trailing)),
        ("indentation adjusted", lambda: _lines(text, old, new, _indented)),
        ("Unicode punctuation folded", lambda: _exact(folded_text, folded_old, new)),
        (
            "Unicode punctuation folded, trailing whitespace ignored",
            lambda: _lines(folded_text, folded_old, new, _trailing),
        ),
        (
            "Unicode punctuation folded, indentation adjusted",
            lambda: _lines(folded_text, folded_old, new, _indented),
        ),
    )
    for tier, step in steps:
        matches = tuple(step())
        if matches:
            return Found(tier, matches)
    return None


def closest(text: str, old: str) -> tuple[int, ...]:
    """Numbers (from 1) of up to three lines most like the first telling line of `old`."""
    wanted = max((line.strip() for line in old.split("\n")[:5]), key=len)
    lines = [line.strip() for line in text.split("\n")[:_COMPARED_LINES]]
    near = difflib.get_close_matches(wanted[:500], {line[:500] for line in lines if line}, 3, 0.6)
    return tuple(
        sorted(next(i for i, line in enumerate(lines, 1) if line[:500] == n) for n in near)
    )


def _exact(text: str, old: str, new: str) -> Iterator[Match]:
    starts = _line_starts(text)
    at = text.find(old)
    while at >= 0:
        yield Match(at, at + len(old), new, bisect_right(starts, at))
        # Overlapping places are places too: the edit would be ambiguous.
        at = text.find(old, at + 1)


def _lines(
    text: str,
    old: str,
    new: str,
    adapt: Callable[[list[str], list[str], str], str | None],
) -> Iterator[Match]:
    """Runs of whole lines for which `adapt` gives the new text; None means: not equal."""
    whole = old.endswith("\n")
    wanted = old.removesuffix("\n").split("\n")
    lines = text.split("\n")
    keys = [line.strip() for line in lines]
    wanted_keys = [line.strip() for line in wanted]
    if not any(wanted_keys):
        return
    starts = _line_starts(text)
    count = len(wanted)
    for index in range(len(lines) - count + 1):
        if keys[index] != wanted_keys[0] or keys[index : index + count] != wanted_keys:
            continue
        adapted = adapt(lines[index : index + count], wanted, new)
        if adapted is None:
            continue
        last = index + count - 1
        end = starts[last] + len(lines[last])
        if whole and end < len(text):
            end += 1
        elif whole:
            adapted = adapted.removesuffix("\n")
        yield Match(starts[index], end, adapted, index + 1)


def _trailing(window: list[str], wanted: list[str], new: str) -> str | None:
    same = all(a.rstrip() == b.rstrip() for a, b in zip(window, wanted, strict=True))
    return new if same else None


def _indented(window: list[str], wanted: list[str], new: str) -> str | None:
    here, there = _indentation(window), _indentation(wanted)
    pairs = zip(window, wanted, strict=True)
    if any(a.rstrip()[len(here) :] != b.rstrip()[len(there) :] for a, b in pairs):
        return None
    return "\n".join(_move(line, there, here) for line in new.split("\n"))


def _indentation(lines: list[str]) -> str:
    """The white space with which every line begins that is not blank."""
    return reduce(_shared, (_indent(line) for line in lines if line.strip()))


def _move(line: str, old: str, new: str) -> str:
    if not line.strip():
        return line
    shared = len(_shared(_indent(line), old))
    if shared == len(old):
        return new + line[shared:]
    # The line is indented less than the block: keep the difference where that is possible.
    missing = len(old) - shared
    return new[: max(0, len(new) - missing)] + line[shared:]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _shared(one: str, other: str) -> str:
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return one[:length]


def _line_starts(text: str) -> list[int]:
    starts = [0]
    at = text.find("\n")
    while at >= 0:
        starts.append(at + 1)
        at = text.find("\n", at + 1)
    return starts
