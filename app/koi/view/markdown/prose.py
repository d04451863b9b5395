"""Paragraphs and headings: parsed in pieces that are final, only the open end again."""

from __future__ import annotations

from typing import Self

from koi.view.line import Face, Measure, Span
from koi.view.markdown.cutter import Cutter
from koi.view.markdown.inline import References, inline_spans
from koi.view.markdown.leaf import Leaf, Margin
from koi.view.wrap import Wrapper


class Prose(Leaf):
    """A paragraph or heading."""

    __slots__ = (
        "_base",
        "_chunks",
        "_cutter",
        "_fed",
        "_seen",
        "_text",
        "_wrapper",
        "face",
        "references",
    )

    def __init__(
        self, kind: str, face: Face, references: References, margin: Margin, measure: Measure
    ) -> None:
        super().__init__(kind, margin, measure)
        self.face, self.references = face, references
        self._chunks: list[tuple[Span, ...]] = []  # parsed for good
        self._text = ""  # the open end, parsed again at each change; at most a few kB
        self._cutter: Cutter | None = Cutter()
        self._wrapper: Wrapper | None = None
        self._fed = 0
        self._base: Prose | None = None
        self._seen: str | None = None

    def feed(self, text: str) -> None:
        """More text of the paragraph."""
        self._text += text
        while self._cutter and (cut := self._cutter.feed(self._text)):
            self._chunks.append(inline_spans(self._text[:cut], self.face, self.references))
            self._text = self._text[cut:]

    def fork(self) -> Self:
        """A copy that shares the finished pieces."""
        other = super().fork()
        other._base, other._cutter, other._seen = self, None, None
        return other

    def finish(self) -> None:
        """Parse the open end for good."""
        if self._text and self._base is None:
            self._chunks.append(inline_spans(self._text, self.face, self.references))
            self._text = ""

    def reset(self) -> None:
        """Forget the layout."""
        self._fed, self._seen = 0, None
        if self._base is None:
            self._wrapper = None

    def sync(self) -> None:
        """Wrap what is new, then the open end on a copy of the wrapper."""
        source = self
        if self._base is not None:
            source = self._base
            source.height(self.width)
        wrapper = source._wrapper
        if wrapper is None:
            wrapper = Wrapper(self.width, source.first, source.rest, source.measure)
            source._wrapper = wrapper
        grew = source._fed < len(source._chunks)
        for chunk in source._chunks[source._fed :]:
            for text, face in chunk:
                wrapper.feed(text, face)
        source._fed = len(source._chunks)
        self.stable = wrapper.lines
        if not grew and self._seen == self._text:
            return
        fork = wrapper.fork()
        for text, face in inline_spans(self._text, self.face, self.references):
            fork.feed(text, face)
        self.tail = fork.tail()
        if not self.tail and not self.stable:
            self.tail = [self.empty_line()]
        self._seen = self._text
