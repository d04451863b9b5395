"""Greedy wrapping by cells that can be continued: finished lines come out once.

The result depends only on the text, never on how it was cut into pieces (no piece may be cut
inside a grapheme).
"""

from __future__ import annotations

import copy
import re
from functools import cache

from koi.view.graphemes import WIDE_RANGES, cut_at_cells
from koi.view.line import Face, Line, Measure, Prefix, Span, cells, length


@cache  # not at import: the first frame has nothing to wrap
def _tokens() -> re.Pattern[str]:
    """A word ends at white space; between wide East Asian characters a line may break anywhere."""
    marks = "\u0300-\u036f\u3099\u309a\ufe00-\ufe0f"
    return re.compile(rf"[ \t]+|\n|[{WIDE_RANGES}][{marks}]*|[^ \t\n{WIDE_RANGES}]+")


@cache
def _wide() -> re.Pattern[str]:
    return re.compile(f"[{WIDE_RANGES}]")


MINIMUM_ROOM = 4
"""A line has at least so many cells beside its prefix, however narrow the screen is."""


class Wrapper:
    """Wraps spans to a width. `first` and `rest` prefix the first and every other line."""

    __slots__ = (
        "_current",
        "_current_cells",
        "_gap",
        "_hard",
        "_joint",
        "_room",
        "_soft",
        "_word",
        "_word_cells",
        "first",
        "lines",
        "measure",
        "rest",
        "width",
    )

    def __init__(
        self,
        width: int,
        first: Prefix,
        rest: Prefix,
        measure: Measure,
        *,
        hard: bool = False,
        minimum_room: int = MINIMUM_ROOM,
    ) -> None:
        self.width = width
        self.first, self.rest, self.measure = first, rest, measure
        self.lines: list[Line] = []
        self._room = max(minimum_room, width - cells(rest, measure))
        self._current: list[Span] = []
        self._current_cells = 0
        self._word: list[Span] = []
        self._word_cells = 0
        self._gap: list[Span] = []
        self._soft = False
        self._joint = " "
        self._hard = hard  # code: white space is kept, lines break only at the width

    def fork(self) -> Wrapper:
        """A copy that goes on without changing this one. Read only `tail()` from it."""
        other = copy.copy(self)
        other.lines = []
        other.first = self.rest if self.lines else self.first
        other._current, other._word, other._gap = self._current[:], self._word[:], self._gap[:]
        return other

    def feed(self, text: str, face: Face) -> None:
        """Add a piece of text. A newline in it is a hard break."""
        if self._hard:
            self._feed_hard(text, face)
            return
        for token in _tokens().findall(text):
            head = token[0]
            if head == "\n":
                self._place()
                self._gap.clear()
                self._emit(soft=False)
            elif head in " \t":
                self._place()
                if self._current and not self._gap:
                    self._gap.append((" ", face))
            elif head >= "\u1100" and _wide().match(head):
                self._place()
                self._word.append((token, face))
                self._word_cells = self.measure(token)
                self._place()
            else:
                self._word.append((token, face))
                self._word_cells += len(token) if token.isascii() else self.measure(token)
                if self._word_cells > self._room:
                    self._break_word()

    def finish(self) -> list[Line]:
        """Flush and return all lines (at least one)."""
        self._place()
        if self._current or not self.lines:
            self._emit(soft=False)
        return self.lines

    def tail(self) -> list[Line]:
        """For a fork: the lines after those shared with the original."""
        self._place()
        if self._current:
            self._emit(soft=False)
        return self.lines

    def newline(self) -> None:
        """End the line, even an empty one."""
        self._emit(soft=False)

    def _place(self) -> None:
        """Put the pending word on the current line, or on a new one."""
        if not self._word:
            return
        gap = 1 if self._gap else 0
        if self._current and self._current_cells + gap + self._word_cells > self._room:
            self._emit(soft=True, joint=" " if gap else "")
            self._gap.clear()
            gap = 0
        if gap:
            self._current += self._gap
            self._current_cells += 1
            self._gap.clear()
        self._current += self._word
        self._current_cells += self._word_cells
        self._word.clear()
        self._word_cells = 0

    def _break_word(self) -> None:
        """A word longer than a line starts on a new line and is cut at the width."""
        if self._current:
            self._emit(soft=True, joint=" " if self._gap else "")
        self._gap.clear()
        pieces, self._word, self._word_cells = self._word, [], 0
        for text, face in pieces:
            self._feed_hard(text, face)
        # What is left on the line stays open: it is still the same word.
        self._word, self._word_cells = self._current, self._current_cells
        self._current, self._current_cells = [], 0

    def _feed_hard(self, text: str, face: Face) -> None:
        start, end = 0, len(text)
        while start < end:
            room = self._room - self._current_cells
            if room <= 0:
                self._emit(soft=True, joint="")
                continue
            cut = cut_at_cells(text, start, room, self.measure)
            piece = text[start:cut]
            taken = len(piece) if piece.isascii() else self.measure(piece)
            if taken > room and self._current:
                self._emit(soft=True, joint="")
                continue
            self._current.append((piece, face))
            self._current_cells += taken
            start = cut
            if start < end:
                self._emit(soft=True, joint="")

    def _emit(self, *, soft: bool, joint: str = " ") -> None:
        prefix = self.rest if self.lines else self.first
        spans = prefix + tuple(_merge(self._current))
        self.lines.append(Line(spans, length(prefix), self._soft, self._joint))
        self._current.clear()
        self._current_cells = 0
        self._soft, self._joint = soft, joint


def _merge(spans: list[Span]) -> list[Span]:
    """Join neighbours of the same face."""
    out: list[Span] = []
    for text, face in spans:
        if out and out[-1][1] == face:
            out[-1] = (out[-1][0] + text, face)
        else:
            out.append((text, face))
    return out


def wrap_text(
    text: str, width: int, measure: Measure, face: Face, first: Prefix = (), rest: Prefix = ()
) -> list[Line]:
    """Wrap literal text by words; its newlines are kept."""
    wrapper = Wrapper(width, first, rest, measure)
    wrapper.feed(text, face)
    return wrapper.finish()
