"""What the person wrote, literally, and short notices by koi itself."""

from __future__ import annotations

from typing import Literal, TypeAlias

from koi.view.items.item import INDENT, Item
from koi.view.line import MUTED, PLAIN, Face, Line, Measure, Prefix
from koi.view.safe_text import safe
from koi.view.wrap import wrap_text

YOU: Prefix = (("you  ", Face("label_you", "b")),)


class Prompt(Item):
    """The person's request."""

    __slots__ = ("_lines", "_text")

    def __init__(self, text: str, measure: Measure) -> None:
        super().__init__(measure)
        self._text = safe(text)
        self._lines: list[Line] = []

    @property
    def source(self) -> str:
        """The text as shown."""
        return self._text

    def body_height(self, width: int) -> int:
        """Wrap by words; the person's line ends are kept."""
        face = Face("prompt")
        self._lines = wrap_text(self._text.rstrip(), width, self.measure, face, YOU, INDENT)
        return len(self._lines)

    def body_line(self, index: int) -> Line:
        """A line of the text."""
        return self._lines[index]

    def release(self) -> None:
        """Forget the lines."""
        self._lines, self.width = [], -1


NoticeKind: TypeAlias = Literal["info", "warn", "error", "interrupted"]
_GLYPHS: dict[NoticeKind, str] = {"info": "·", "warn": "!", "error": "✗", "interrupted": "■"}
_FACES: dict[NoticeKind, Face] = {
    "info": MUTED,
    "warn": Face("warn"),
    "error": Face("error", "b"),
    "interrupted": MUTED,
}


class Notice(Item):
    """What happened, and what to do about it."""

    __slots__ = ("_hint", "_kind", "_lines", "_title")

    def __init__(self, kind: NoticeKind, title: str, measure: Measure, hint: str = "") -> None:
        super().__init__(measure)
        self._kind = kind
        self._title, self._hint = safe(title), safe(hint)
        self._lines: list[Line] = []

    @property
    def compact(self) -> bool:
        """Passing remarks stand close; errors are set apart."""
        return self._kind == "info"

    @property
    def source(self) -> str:
        """Title and hint."""
        return f"{self._title}\n{self._hint}" if self._hint else self._title

    def body_height(self, width: int) -> int:
        """A glyph and the title, the hint below it."""
        face = _FACES[self._kind]
        first = (*INDENT, (_GLYPHS[self._kind] + " ", face))
        rest = (*INDENT, ("  ", PLAIN))
        self._lines = wrap_text(self._title, width, self.measure, face, first, rest)
        if self._hint:
            self._lines += wrap_text(self._hint, width, self.measure, PLAIN, rest, rest)
        return len(self._lines)

    def body_line(self, index: int) -> Line:
        """A line of title or hint."""
        return self._lines[index]
