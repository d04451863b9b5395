"""Where a long paragraph may be cut, so that its front never has to be parsed again."""

from __future__ import annotations

import re

SOFT_CHUNK = 600
"""A paragraph longer than this is cut at the next place where no mark is open ..."""
HARD_CHUNK = 3000
"""... or, where there is none, at the next white space after so many characters (at twice as many
in any case)."""

_SPECIAL = re.compile(r"`+|[*_~]+|\[|\]|<|\\.|[ \n]", re.DOTALL)
_MARGIN = 24
"""A run of marks, or a grapheme, may go on at the end of the text."""


class Cutter:
    """Finds cuts in growing text; decides from the characters alone, each looked at once."""

    __slots__ = ("_brackets", "_open", "_position", "_ticks")

    def __init__(self) -> None:
        self._position = 0  # looked at up to here, counted from the last cut
        self._open: set[str] = set()
        self._ticks = ""
        self._brackets = 0

    def feed(self, text: str) -> int:
        """Given the whole text after the last cut, the length of a piece that is done, or 0."""
        limit = min(len(text), 2 * HARD_CHUNK) - _MARGIN
        for match in _SPECIAL.finditer(text, self._position):
            start, end = match.span()
            if start >= limit:
                break
            self._position = end
            token = match[0]
            if token in " \n":
                if (start >= SOFT_CHUNK and self._neutral()) or start >= HARD_CHUNK:
                    self._reset()
                    return end
            else:
                self._mark(token, text, start, end)
        if len(text) >= 2 * HARD_CHUNK:
            self._reset()
            return 2 * HARD_CHUNK - _MARGIN
        return 0

    def _mark(self, token: str, text: str, start: int, end: int) -> None:
        if token[0] == "`":
            self._ticks = "" if self._ticks == token else (self._ticks or token)
        elif self._ticks:
            return
        elif token[0] in "*_~":
            before, after = text[start - 1 : start], text[end : end + 1]
            if (before in " \n" or not before) and after in " \n":
                return
            if token in self._open:
                self._open.discard(token)
            elif len(self._open) < 8 and after not in " \n":
                self._open.add(token)
        elif token == "[":
            self._brackets += 1
        elif token == "]":
            self._brackets = max(0, self._brackets - 1)

    def _neutral(self) -> bool:
        return not (self._open or self._ticks or self._brackets)

    def _reset(self) -> None:
        self._position = self._brackets = 0
        self._open.clear()
        self._ticks = ""
