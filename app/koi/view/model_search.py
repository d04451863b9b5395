"""Which models a person means who types a part of a name, letters of it, or nearly its name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import NamedTuple

_MOST_SUGGESTED = 5
_SPREAD = 3
"""Letters of a word may be spread over so many times its length."""
_FUZZY = 100
_BEGINNING, _INSIDE = 0, 1


class Entry(NamedTuple):
    """What is searched of one model or provider, in lower case. Made once, not at every key."""

    name: str
    """The full reference, or the name of a provider."""
    also: str = ""
    """Other words that mean it: aliases and the display name of the provider."""

    @classmethod
    def of(cls, name: str, *also: str) -> Entry:
        """An entry from names as they are written."""
        return cls(name.lower(), " ".join(also).lower())


def matching(typed: str, entries: Sequence[Entry], *, letters: bool = True) -> tuple[int, ...]:
    """The places of the entries that have every typed word, or at least its letters in order.

    The best come first: the name itself, words at the beginning of a part, words inside, letters
    (only of the name, and not without `letters`). Equally good ones stay in their order, and all
    do when nothing is typed.
    """
    words = typed.lower().split()
    ranked = [
        (rank, place)
        for place, entry in enumerate(entries)
        if (rank := _rank(entry, words, letters)) is not None
    ]
    return tuple(place for _, place in sorted(ranked))


def nearest(typed: str, entries: Sequence[Entry]) -> tuple[int, ...]:
    """The places of up to five entries that were probably meant, the nearest first.

    Whole references are compared with what has a slash, else the names of models alone.
    """
    whole = "/" in typed
    places: dict[str, int] = {}
    for place, entry in enumerate(entries):
        places.setdefault(entry.name if whole else entry.name.partition("/")[2], place)
    near = difflib.get_close_matches(typed.lower(), places, n=_MOST_SUGGESTED, cutoff=0.5)
    return tuple(places[name] for name in near)


def _rank(entry: Entry, words: Sequence[str], letters: bool) -> int | None:
    """How well words fit an entry, the less the better; None when one does not fit."""
    total = 0
    for word in words:
        rank = _place(entry.name, word, letters)
        if rank is None or rank > _INSIDE:
            other = _place(entry.also, word, False)
            rank = rank if other is None else other
        if rank is None:
            return None
        total += rank
    if words and entry.name in (words[0], f"{entry.name.partition('/')[0]}/{words[0]}"):
        return -1
    return total


def _place(name: str, word: str, letters: bool) -> int | None:
    at = name.find(word)
    if at >= 0:
        while at > 0 and name[at - 1].isalnum():
            at = name.find(word, at + 1)
        return _BEGINNING if at >= 0 else _INSIDE
    span = _shortest_span(name, word) if letters else None
    if span is None or span > _SPREAD * len(word):
        return None
    return _FUZZY + span - len(word)


def _shortest_span(name: str, word: str) -> int | None:
    """The length of the shortest part of a name that has the letters of a word in order."""
    start, shortest = name.find(word[0]), None
    while start >= 0:
        end = _end_of(name, word, start)
        if end is None:
            break  # nor are they behind a later start
        shortest = end - start if shortest is None else min(shortest, end - start)
        start = name.find(word[0], start + 1)
    return shortest


def _end_of(name: str, word: str, start: int) -> int | None:
    at = start - 1
    for letter in word:
        at = name.find(letter, at + 1)
        if at < 0:
            return None
    return at + 1
