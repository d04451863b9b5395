"""Where in an answer its text quotes: inline code, quoted lines, quotation marks."""

from __future__ import annotations

import re

_MARKS = frozenset("\"'“”„‘’«»‹›\\")
_LIST_ITEM = re.compile(r"\s*(?:(?:[-*+]|\d{1,3}[.)])\s+)*")
_HEAD = 24


class Quoting:
    """Follows the visible text and knows whether its next character stands in a quotation.

    Inline code ends with its line, so that one stray backtick cannot swallow the calls after it.
    """

    def __init__(self) -> None:
        self._head = ""
        self._last = ""
        self._code = 0
        """The number of backticks that opened inline code; 0 outside of it."""

    @property
    def quotes(self) -> bool:
        """True when what comes next is only shown, never done."""
        return bool(self._code) or self._last in _MARKS or self._head.lstrip().startswith(">")

    @property
    def begins_line(self) -> bool:
        """True when a code fence may begin here, in a list item too."""
        return (
            not self._code
            and len(self._head) < _HEAD
            and _LIST_ITEM.fullmatch(self._head) is not None
        )

    def take(self, text: str) -> None:
        """More visible text, without backticks."""
        if not text:
            return
        line = text.rfind("\n") + 1
        if line:
            self._head, self._code = "", 0
        room = _HEAD - len(self._head)
        if room > 0:
            self._head += text[line : line + room]
        self._last = text[-1] if text[-1] != "\n" else ""

    def backticks(self, count: int) -> None:
        """A run of backticks that is no fence."""
        self.take("`")
        if not self._code:
            self._code = count
        elif self._code == count:
            self._code = 0

    def new_line(self) -> None:
        """After something that is not shown, the text begins anew."""
        self._head, self._last, self._code = "", "", 0
