"""Which models a person means who types a part of a name, letters of it, or nearly its name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from koi.core.seams import ModelInfo

_MOST_SUGGESTED = 5
_SPREAD = 3
"""Letters of a word may be spread over so many times its length."""
_FUZZY = 100
_BEGINNING, _INSIDE = 0, 1


def matching_models(typed: str, models: Sequence[ModelInfo]) -> tuple[ModelInfo, ...]:
    """The models that have every typed word in their name, or at least its letters in order.

    The best come first: the name itself, words at the beginning of a part, words inside, letters.
    Equally good ones stay in their order, and all do when nothing is typed.
    """
    words = typed.lower().split()
    ranked = [
        (rank, model)
        for model in models
        if (rank := _rank(str(model.reference).lower(), words)) is not None
    ]
    return tuple(model for _, model in sorted(ranked, key=lambda pair: pair[0]))


def nearest_models(typed: str, models: Sequence[ModelInfo]) -> tuple[ModelInfo, ...]:
    """Up to five models that were probably meant, the nearest first."""
    names = {str(model.reference).lower(): model for model in models}
    names |= {model.reference.model.lower(): model for model in reversed(models)}
    near = difflib.get_close_matches(typed.lower(), names, n=_MOST_SUGGESTED, cutoff=0.5)
    return tuple({names[name].reference: names[name] for name in near}.values())


def _rank(name: str, words: Sequence[str]) -> int | None:
    """How well words fit a name, the less the better; None when one does not fit."""
    total = 0
    for word in words:
        rank = _place(name, word)
        if rank is None:
            return None
        total += rank
    if words and name in (words[0], f"{name.partition('/')[0]}/{words[0]}"):
        return -1
    return total


def _place(name: str, word: str) -> int | None:
    at = name.find(word)
    if at >= 0:
        while at > 0 and name[at - 1].isalnum():
            at = name.find(word, at + 1)
        return _BEGINNING if at >= 0 else _INSIDE
    span = _shortest_span(name, word)
    if span is None or span > _SPREAD * len(word):
        return None
    return _FUZZY + span - len(word)


def _shortest_span(name: str, word: str) -> int | None:
    """The length of the shortest part of a name that has the letters of a word in order."""
    spans = (
        end - start
        for start, letter in enumerate(name)
        if letter == word[0] and (end := _end_of(name, word, start)) is not None
    )
    return min(spans, default=None)


def _end_of(name: str, word: str, start: int) -> int | None:
    at = start - 1
    for letter in word:
        at = name.find(letter, at + 1)
        if at < 0:
            return None
    return at + 1
