"""Glob patterns over relative paths: `*`, `?`, `[…]`, `**` for any folders, `{a,b}` for either."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from functools import lru_cache

_ALTERNATIVES = 64
_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")


class NamePattern:
    """A compiled pattern; one without a slash speaks about names in any folder."""

    __slots__ = ("_alternatives",)

    def __init__(self, pattern: str) -> None:
        """Raises ValueError for a pattern that cannot match anything below a folder."""
        cleaned = pattern.removeprefix("./")
        if not cleaned or cleaned.startswith("/") or ".." in cleaned.split("/"):
            raise ValueError(f"'{pattern}' is not a pattern below the folder")
        self._alternatives = tuple(
            tuple(_component(part) for part in _parts(each)) for each in _expand(cleaned)
        )

    def matches(self, relative: str) -> bool:
        """True when the path (with slashes, relative to the folder) matches as a whole."""
        parts = relative.split("/")
        return any(_match(alternative, parts) for alternative in self._alternatives)


def _parts(pattern: str) -> list[str]:
    return pattern.split("/") if "/" in pattern else ["**", pattern]


def _expand(pattern: str) -> list[str]:
    done: list[str] = []
    waiting = [pattern]
    while waiting:
        if len(waiting) + len(done) > _ALTERNATIVES:
            raise ValueError(f"'{pattern}' has too many alternatives")
        each = waiting.pop()
        braces = _BRACES.search(each)
        if braces is None:
            done.append(each)
            continue
        waiting += [
            each[: braces.start()] + choice + each[braces.end() :]
            for choice in braces.group(1).split(",")
        ]
    return done


@lru_cache(256)
def _component(part: str) -> re.Pattern[str] | None:
    """None stands for `**`."""
    # fnmatch's expression does not backtrack over its stars.
    return None if part == "**" else re.compile(fnmatch.translate(part))


def _match(pattern: Sequence[re.Pattern[str] | None], parts: Sequence[str]) -> bool:
    """Which prefixes of the pattern are matched so far, part by part: never exponential."""
    states = _skip_stars(pattern, {0})
    for part in parts:
        following: set[int] = set()
        for state in states:
            if state == len(pattern):
                continue
            component = pattern[state]
            if component is None:
                following.add(state)
            elif component.match(part):
                following.add(state + 1)
        states = _skip_stars(pattern, following)
        if not states:
            return False
    return len(pattern) in states


def _skip_stars(pattern: Sequence[re.Pattern[str] | None], states: set[int]) -> set[int]:
    reached = set(states)
    for state in states:
        following = state
        while following < len(pattern) and pattern[following] is None:
            following += 1
            reached.add(following)
    return reached
