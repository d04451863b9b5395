"""The model's answer: Markdown that streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from koi.view.items.growing_text import GrowingText
from koi.view.items.item import INDENT, Item
from koi.view.line import FOLD, Face, Line, Measure, Prefix, dimmed
from koi.view.safe_text import safe

if TYPE_CHECKING:
    from koi.view.markdown.document import Document

KOI: Prefix = (("koi  ", Face("label_koi", "b")),)


class Answer(Item):
    """Text of a model. Open while it streams; `discard` folds one that was cut off."""

    __slots__ = ("_document", "_note", "_text", "_unfolded")

    def __init__(self, measure: Measure, text: str | None = None) -> None:
        """An open answer, or with `text` a finished one."""
        super().__init__(measure)
        self._text = GrowingText(text)
        self._document: Document | None = None
        self._note = ""
        self._unfolded = False

    @property
    def open(self) -> bool:
        """True while text still comes."""
        return self._text.open

    @property
    def source(self) -> str:
        """The text so far."""
        return self._text.text

    def append(self, delta: str) -> None:
        """More text. Raises ValueError when the answer is finished."""
        document = self._made()
        document.append(self._text.feed(delta))

    def finish(self) -> None:
        """The text is complete."""
        if not self.open:
            return
        document = self._made()
        document.append(self._text.finish())
        document.finish()
        self.width = -1

    def discard(self, note: str) -> None:
        """Fold away an answer that does not count; `note` says why."""
        self.finish()
        self._note = safe(note, keep_newlines=False)
        self.width = -1

    def _made(self) -> Document:
        if self._document is None:
            from koi.view.markdown.document import Document

            self._document = Document(self.measure, KOI, INDENT)
            self._document.append(self.source)
            if not self.open:
                self._document.finish()
        return self._document

    @property
    def _head(self) -> int:
        return 1 if self._note else 0

    def estimate(self, width: int) -> int:
        """A guess of the height."""
        return self.gap + 1 if self._note else super().estimate(width)

    def body_height(self, width: int) -> int:
        """The lines of the document, at least the label."""
        if self._note and not self._unfolded:
            return 1
        return self._head + max(1, self._made().height(width))

    def body_line(self, index: int) -> Line:
        """A line of the document."""
        if self._note and index == 0:
            mark = "▾ " if self._unfolded else "▸ "
            return Line((*INDENT, (mark + self._note, Face("muted", "", FOLD))), 7)
        document = self._made()
        if not document.leaves and index == self._head:
            pending = document.height(self.width) > 0
            return document.line(0) if pending else Line(KOI, 5)
        line = document.line(index - self._head)
        return dimmed(line) if self._note else line

    def click(self, index: int) -> bool:
        """The head of a discarded answer folds it."""
        if not self._note or index != self.gap:
            return False
        self._unfolded = not self._unfolded
        return True

    @property
    def colourless(self) -> bool:
        """True while long code waits for its colours."""
        return self._document is not None and self.width > 0 and self._document.colourless

    def recolour(self) -> bool:
        """Colour a slice of long code."""
        return self._document is not None and self._document.recolour()

    def release(self) -> None:
        """Back to the source text."""
        if not self.open:
            self._document, self.width = None, -1
