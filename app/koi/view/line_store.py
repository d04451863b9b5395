"""The last lines of a program's output, bounded however much it prints."""

from __future__ import annotations

from collections import deque

from koi.view.safe_text import safe

MAX_LINES = 1_000
MAX_LINE_CHARACTERS = 2_000
MAX_CHUNK = 256_000
"""Of a larger chunk only the end is looked at."""


class LineStore:
    """Takes chunks cut anywhere; keeps the newest lines. A carriage return starts a line anew."""

    __slots__ = ("_held", "_lines", "_partial", "dropped")

    def __init__(self, text: str = "") -> None:
        self._lines: deque[str] = deque(maxlen=MAX_LINES)
        self._partial = ""
        self._held = ""
        self.dropped = 0
        """Lines that are not kept any more."""
        if text:
            self.feed(text)

    def feed(self, chunk: str) -> None:
        """More output, raw; it is made safe line by line."""
        if len(chunk) > MAX_CHUNK:
            self.dropped += chunk.count("\n", 0, len(chunk) - MAX_CHUNK)
            chunk = chunk[-MAX_CHUNK:]
            self._partial = ""
        text = self._held + chunk
        self._held = ""
        if text.endswith("\r"):
            text, self._held = text[:-1], "\r"
        first, *more = text.replace("\r\n", "\n").split("\n")
        self._grow(first)
        for line in more:
            if len(self._lines) == MAX_LINES:
                self.dropped += 1
            self._lines.append(safe(self._partial, keep_newlines=False))
            self._partial = ""
            self._grow(line)

    def _grow(self, text: str) -> None:
        if "\r" in text:
            self._partial, text = "", text.rpartition("\r")[2]
        room = MAX_LINE_CHARACTERS - len(self._partial)
        if room > 0:
            self._partial += text[:room]

    def __len__(self) -> int:
        return len(self._lines) + (1 if self._partial else 0)

    def tail(self, count: int) -> list[str]:
        """The last `count` lines, safe to show."""
        lines = list(self._lines)[-count:] if count > 0 else []
        if self._partial and count > 0:
            lines = [*lines, safe(self._partial, keep_newlines=False)][-count:]
        return lines

    def window(self, start: int, count: int) -> list[str]:
        """`count` kept lines from the one at `start`, counted from 0."""
        return self.tail(len(self))[max(0, start) : max(0, start) + count]
