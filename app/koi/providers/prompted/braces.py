"""Finds the end of a JSON value in pieces of text, by its braces and strings."""

from __future__ import annotations

import re

_IN_STRING = re.compile(r'["\\]')
_OUTSIDE = re.compile(r'["{}\[\]<]')


class Braces:
    """Counts what one value opens and closes. It looks at each character once."""

    def __init__(self) -> None:
        self.closed = False
        """The value is whole."""
        self._depth = 0
        self._in_string = False
        self._escaped = False

    def take(self, text: str, at: int) -> int:
        """The place after what belongs to the value, or of a `<` outside of its strings."""
        if self._escaped and at < len(text):
            self._escaped = False
            at += 1
        while at < len(text):
            found = (_IN_STRING if self._in_string else _OUTSIDE).search(text, at)
            if found is None:
                return len(text)
            at = found.end()
            match found[0]:
                case '"':
                    self._in_string = not self._in_string
                case "\\":
                    self._escaped = at == len(text)
                    at += 0 if self._escaped else 1
                case "<":
                    return at - 1
                case "{" | "[":
                    self._depth += 1
                case _:
                    self._depth -= 1
                    if self._depth <= 0:
                        self.closed = True
                        return at
        return at
