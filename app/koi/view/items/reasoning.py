"""What a model thinks before it answers: one line that opens."""

from __future__ import annotations

from koi.view.graphemes import shorten
from koi.view.items.growing_text import GrowingText
from koi.view.items.item import INDENT, Item
from koi.view.line import FOLD, MUTED, Face, Line, Measure, Prefix
from koi.view.safe_text import safe
from koi.view.units import duration
from koi.view.wrap import Wrapper

_BAR: Prefix = (*INDENT, ("│ ", MUTED))
_HEAD = Face("muted", "", FOLD)
_TEXT = Face("muted", "i")


class Reasoning(Item):
    """Folded reasoning. While it streams, its head shows the latest words."""

    __slots__ = (
        "_ended",
        "_line",
        "_note",
        "_seconds",
        "_tail",
        "_text",
        "_unfolded",
        "_wrapper",
    )

    def __init__(self, measure: Measure, text: str | None = None) -> None:
        """Reasoning that streams, or with `text` finished reasoning."""
        super().__init__(measure)
        self._text = GrowingText(text)
        self._seconds: float | None = None
        self._unfolded = False
        self._wrapper: Wrapper | None = None
        self._tail: list[Line] = []
        self._line = ""
        self._note = ""
        self._ended = False

    @property
    def compact(self) -> bool:
        """Stands close to other compact entries."""
        return True

    @property
    def open(self) -> bool:
        """True while text still comes."""
        return self._text.open

    @property
    def source(self) -> str:
        """The text so far."""
        return self._text.text

    def append(self, delta: str) -> None:
        """More text. Raises ValueError when the reasoning is finished."""
        text = self._text.feed(delta)
        self._follow(text)
        if self._wrapper is not None:
            self._wrapper.feed(text, _TEXT)

    def finish(self, seconds: float | None = None) -> None:
        """The text is complete; `seconds` is how long it took, if that is known."""
        if not self.open:
            return
        self._text.finish()
        self._wrapper = None
        self._seconds = seconds
        self.width = -1

    def discard(self, note: str) -> None:
        """Say that it does not count, and why."""
        self.finish()
        self._note = safe(note, keep_newlines=False)
        self._unfolded = False
        self.width = -1

    def estimate(self, width: int) -> int:
        """One line when folded."""
        return super().estimate(width) + 1 if self._unfolded else self.gap + 1

    def body_height(self, width: int) -> int:
        """The head, and the text when unfolded."""
        if not self._unfolded:
            return 1
        if self._wrapper is None or self._wrapper.width != width:
            self._wrapper = Wrapper(width, _BAR, _BAR, self.measure)
            self._wrapper.feed(self.source, _TEXT)
        self._tail = self._wrapper.fork().tail()
        return 1 + len(self._wrapper.lines) + len(self._tail)

    def body_line(self, index: int) -> Line:
        """The head, or a line of the text."""
        if index == 0:
            return self._head()
        done = self._wrapper.lines if self._wrapper is not None else []
        index -= 1
        return done[index] if index < len(done) else self._tail[index - len(done)]

    def _head(self) -> Line:
        mark = "▾ " if self._unfolded else "▸ "
        if self._note:
            text = f"{mark}thought  {self._note}"
        elif not self.open:
            words = len(self.source.split())
            count = f"{words} word" if words == 1 else f"{words} words"
            seconds = self._seconds or 0.0
            took = f", {duration(seconds)}" if seconds >= 0.05 else ""
            text = f"{mark}thought  {count}{took}"
        else:
            text = f"{mark}thinking  " + ("" if self._unfolded else self._latest())
        return Line((*INDENT, (shorten(text, self.width - 5, self.measure), _HEAD)), 7)

    def _follow(self, text: str) -> None:
        """Keep the newest line; one that has ended stays until the next has a word."""
        head, newline, last = text.rpartition("\n")
        if newline and not last.strip():
            ended = [line for line in (self._line + head).split("\n") if line.strip()]
            self._line, self._ended = ended[-1] if ended else self._line, True
        elif newline or (self._ended and text.strip()):
            self._line, self._ended = last, False
        elif not self._ended:
            self._line += text

    def _latest(self) -> str:
        """The newest words beside the head. They grow to its end, then begin anew: a token repaints
        its own cells, not the row."""
        room = max(10, self.width - 18)
        start = max(0, len(self._line) - 1) // room * room
        return ("…" if start else "") + self._line[start:].rstrip()

    def click(self, index: int) -> bool:
        """The head folds."""
        if index != self.gap:
            return False
        self._unfolded = not self._unfolded
        return True

    def release(self) -> None:
        """Forget the lines."""
        if not self.open:
            self._wrapper, self._tail, self.width = None, [], -1
