"""Text that is not wrapped by words: fences, indented code, HTML, output of programs."""

from __future__ import annotations

from typing import Self

from koi.view.line import Face, Line, Measure, Span, cells, length
from koi.view.markdown.highlighter import Highlighter
from koi.view.markdown.leaf import Leaf, Margin
from koi.view.markdown.lexing import CODE
from koi.view.wrap import MINIMUM_ROOM, Wrapper

TAB = 4


class Code(Leaf):
    """Source lines, cut at the width; highlighted unless they have a `face` of their own."""

    __slots__ = (
        "_base",
        "_done",
        "_long",
        "_long_width",
        "_source",
        "_starts",
        "blanks",
        "face",
        "partial",
    )

    def __init__(
        self, kind: str, language: str, face: Face | None, margin: Margin, measure: Measure
    ) -> None:
        super().__init__(kind, margin, measure)
        self.face = face
        self.blanks = 0
        """Blank lines that belong here only if more code follows."""
        self.partial = ""
        """The unfinished line."""
        self._source = Highlighter("" if face else language)
        self._starts: list[int] = []  # for each source line its first index in `stable`
        self._done = 0
        self._base: Code | None = None
        self._long: Wrapper | None = None  # a very long line that still grows
        self._long_width = -1

    def add(self, line: str) -> None:
        """A complete source line, or the end of a long one."""
        if self._base is not None:
            self.partial = line.expandtabs(TAB)
            return
        for _ in range(self.blanks):
            self._source.add("")
        self.blanks = 0
        if self._long is not None:
            line, self.partial, self._long = self.partial + line, "", None
        self._source.add(line.expandtabs(TAB))

    def begin(self, text: str) -> None:
        """The first part of a very long line; it goes on with `grow` and ends with `add`."""
        self.partial = text.expandtabs(TAB)
        self._long = Wrapper(1, (), (), self.measure)  # the real one is made in sync()
        self._long_width = -1

    def grow(self, text: str) -> None:
        """The next part of a very long line."""
        text = text.expandtabs(TAB)
        self.partial += text
        if self._long is not None and self._long_width > 0:
            self._long.feed(text, self.face or CODE)

    def is_fork_of(self, leaf: Leaf | None) -> bool:
        """True when this copy shows the open line of `leaf`."""
        return self._base is not None and self._base is leaf

    def fork(self) -> Self:
        """A copy that shares the finished lines."""
        other = super().fork()
        other._base = self
        return other

    def finish(self) -> None:
        """No more lines will come."""
        if self._base is None:
            self.blanks = 0
            if self._long is not None:
                self.add("")
            self._source.finish()

    def reset(self) -> None:
        """Forget the layout."""
        if self._base is None:
            self.stable, self._starts, self._done = [], [], 0
        self._long_width = -1

    @property
    def colourless(self) -> bool:
        """True while some lines are plain for the time being."""
        return self._source.behind

    def sync(self) -> None:
        """Lay out what is new; lines that got other colours are replaced in place."""
        if self._base is not None:
            self._base.height(self.width)
            self.stable, self._starts = self._base.stable, self._base._starts
        else:
            first, last = self._source.catch_up()
            for index in range(min(first, self._done), min(last, self._done)):
                lines = self._wrap(self._source.spans[index], index)
                start = self._starts[index]
                self.stable[start : start + len(lines)] = lines
            for index in range(self._done, len(self._source.lines)):
                self._starts.append(len(self.stable))
                self.stable += self._wrap(self._source.spans[index], index)
            self._done = len(self._source.lines)
        self.tail = self._open_lines()

    def _open_lines(self) -> list[Line]:
        """The lines of the unfinished source line."""
        count = len(self._source.lines)
        if self._long is not None and self._base is None:
            if self._long_width < 0:
                first = self.rest if self._done else self.first
                self._long = Wrapper(self.width, first, self.rest, self.measure, hard=True)
                self._long.feed(self.partial, self.face or CODE)
                self._long_width = self.width
            return self._long.lines + self._long.fork().tail()
        if self.partial:
            spans = ((self.partial, self.face),) if self.face else self._source.peek(self.partial)
            return self._wrap(spans, count)
        return [] if self.stable else [self.empty_line()]

    def _wrap(self, spans: tuple[Span, ...], index: int) -> list[Line]:
        """One source line as screen lines."""
        prefix = self.rest if index else self.first
        gutter = length(prefix)
        if self.face is not None and spans:
            spans = (("".join([text for text, _ in spans]), self.face),)
        room = max(MINIMUM_ROOM, self.width - cells(prefix, self.measure))
        if length(spans) <= room and cells(spans, self.measure) <= room:
            return [Line(prefix + spans, gutter)]
        wrapper = Wrapper(self.width, prefix, self.rest, self.measure, hard=True)
        for text, face in spans:
            wrapper.feed(text, face)
        wrapper.newline()
        return wrapper.lines
