"""Which models were probably meant by a name that a provider does not know."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from koi.catalogue.families import line_name

_LIKENESS = 0.6


def nearest_names(wanted: str, names: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Up to `most` of the names, the nearest first. Spellings of one name are the same to it."""
    by_line: dict[str, list[str]] = {}
    for name in names:
        if name != wanted:
            by_line.setdefault(line_name(name), []).append(name)
    line = line_name(wanted)
    words = set(line.split("-"))
    near = difflib.get_close_matches(line, by_line, n=most, cutoff=_LIKENESS)
    near += [other for other in by_line if words <= set(other.split("-"))]
    found = (name for other in dict.fromkeys(near) for name in by_line[other])
    return tuple(found)[:most]
