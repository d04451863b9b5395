"""One Markdown text that grows: deltas in, wrapped lines out."""

from __future__ import annotations

from bisect import bisect_right

from koi.view.line import Line, Measure, Prefix
from koi.view.markdown.blocks import Parser
from koi.view.markdown.code import Code
from koi.view.markdown.leaf import Leaf
from koi.view.markdown.marks import HELD, HELD_IN_FENCE
from koi.view.markdown.prose import Prose

LONG = 400
"""An unfinished line longer than this is taken for what it looks like, and not parsed again ..."""
LONG_CODE = 1200
"""... inside a fence, when it is longer than this."""


class Document:
    """The lines of one text at one width. The text must be safe already."""

    def __init__(self, measure: Measure, first: Prefix = (), rest: Prefix = ()) -> None:
        self._parser = Parser(measure, first, rest)
        self._pending = ""  # the unfinished source line
        self._middle: Prose | Code | None = None  # it takes the rest of a long unfinished line
        self._shown: list[Leaf] | None = None  # leaves of the unfinished line
        self._width = -1
        self._ends: list[int] = []  # for each finished leaf: the lines up to its end
        self._tail_leaves: list[Leaf] = []
        self._tail_ends: list[int] = []
        self._coloured = 0  # so many leaves from the front have their final colours

    @property
    def leaves(self) -> list[Leaf]:
        """The blocks so far."""
        return self._parser.leaves

    def append(self, delta: str) -> None:
        """More source text."""
        if "\r" in delta:
            delta = delta.replace("\r\n", "\n").replace("\r", "\n")
        head, newline, last = delta.rpartition("\n")
        if newline:
            first, *more = (self._pending + head).split("\n")
            self._pending = ""
            if self._middle is not None:
                self._end_middle(self._middle, first)
            else:
                self._parser.line(first)
            for line in more:
                self._parser.line(line)
        self._pending += last
        self._shown = None
        if self._middle is not None:
            self._grow_middle(self._middle)
        elif len(self._pending) > LONG:
            self._begin_middle()

    def finish(self) -> None:
        """The text is complete."""
        if self._middle is not None:
            self._end_middle(self._middle, self._pending)
        elif self._pending:
            self._parser.line(self._pending)
        self._pending, self._shown = "", None
        self._parser.finish()

    # -- long unfinished lines

    def _begin_middle(self) -> None:
        text, parser = self._pending, self._parser
        probe = parser.fork()
        probe.line(text)
        leaf = probe.open
        if isinstance(leaf, Prose):
            if ("|" in text[:4096] and len(text) < 4096) or text.lstrip().startswith("["):
                return  # it may be the head of a table, or a reference
            parser.line(text)
            if isinstance(parser.open, Prose):
                self._middle, self._pending = parser.open, ""
        elif (
            isinstance(leaf, Code)
            and isinstance(parser.open, Code)
            and leaf.is_fork_of(parser.open)
            and leaf.kind == "fence"
            and leaf.partial.lstrip("`~ ")
            and len(text) > LONG_CODE
        ):
            parser.open.begin(leaf.partial)
            self._middle, self._pending = parser.open, ""

    def _grow_middle(self, leaf: Prose | Code) -> None:
        text, keep = self._pending, 0
        while keep < min(len(text), 16) and not text[-1 - keep].isascii():
            keep += 1  # a grapheme may go on
        cut = len(text) - keep
        self._feed_middle(leaf, text[:cut])
        self._pending = text[cut:]

    def _feed_middle(self, leaf: Prose | Code, text: str) -> None:
        if isinstance(leaf, Code):
            leaf.grow(text)
            return
        leaf.feed(text)
        paragraph = self._parser.paragraph
        if len(paragraph[-1]) < 8192:
            paragraph[-1] += text

    def _end_middle(self, leaf: Prose | Code, text: str) -> None:
        self._feed_middle(leaf, text)
        if isinstance(leaf, Code):
            leaf.add("")
        self._middle = None

    # -- lines

    def _open_leaves(self) -> list[Leaf]:
        """The leaves that may still change."""
        parser = self._parser
        open_leaves = [parser.open] if parser.open is not None else []
        if not self._pending or self._middle is not None:
            return open_leaves
        if self._shown is None:
            held = HELD_IN_FENCE if isinstance(parser.open, Code) and parser.fence else HELD
            if len(self._pending) < 200 and held.fullmatch(self._pending):
                self._shown = open_leaves
            else:
                probe = parser.fork()
                probe.line(self._pending)
                self._shown = probe.leaves
        return self._shown

    def height(self, width: int) -> int:
        """Lay out for a width: the number of lines."""
        if width != self._width:
            self._width = width
            self._ends = []
        leaves = self._parser.leaves
        closed = len(leaves) - (self._parser.open is not None)
        ends = self._ends
        while len(ends) < closed:
            ends.append((ends[-1] if ends else 0) + leaves[len(ends)].height(width))
        total = ends[-1] if ends else 0
        self._tail_leaves = self._open_leaves()
        self._tail_ends = []
        for leaf in self._tail_leaves:
            total += leaf.height(width)
            self._tail_ends.append(total)
        return total

    def line(self, index: int) -> Line:
        """A line, counted from 0; valid after `height`."""
        ends = self._ends
        if ends and index < ends[-1]:
            at = bisect_right(ends, index)
            return self._parser.leaves[at].line(index - (ends[at - 1] if at else 0))
        at = bisect_right(self._tail_ends, index)
        before = self._tail_ends[at - 1] if at else (ends[-1] if ends else 0)
        return self._tail_leaves[at].line(index - before)

    def lines(self, width: int) -> list[Line]:
        """All lines."""
        return [self.line(index) for index in range(self.height(width))]

    @property
    def colourless(self) -> bool:
        """True while code is shown plain for the time being."""
        return self._next_colourless() is not None

    def recolour(self) -> bool:
        """Colour a slice of the code that is shown plain; False when none is.

        Heights do not change. Call it only after `height`.
        """
        leaf = self._next_colourless()
        if leaf is None:
            return False
        leaf.recolour()
        return True

    def _next_colourless(self) -> Leaf | None:
        leaves = self._parser.leaves
        closed = len(leaves) - (self._parser.open is not None)
        while self._coloured < closed and not leaves[self._coloured].colourless:
            self._coloured += 1
        waiting = (leaf for leaf in leaves[self._coloured :] if leaf.colourless)
        return next(waiting, None)


def render(source: str, width: int, measure: Measure) -> list[Line]:
    """A complete text at once, with all its colours."""
    document = Document(measure)
    document.append(source)
    document.finish()
    document.height(width)
    while document.recolour():
        pass
    return document.lines(width)
