"""Highlighting at a cost per line that does not depend on how long the code is.

Two passes, both linear. A line that arrives is lexed alone, from the states at the end of the line
above: right for most lines, at once. Every `BLOCK` lines the block is lexed again together with
`LOOK` lines after it, so that what one regular expression matches over several lines comes out
right; only this pass is final. The final result depends on the text alone.
"""

from __future__ import annotations

from koi.view.line import Span
from koi.view.markdown.lexing import ROOT, Language, language, lex_lines, plain_spans

BLOCK = 32
LOOK = 16
SLICE = BLOCK
"""Lines that one call lexes at most; a long text gets its colours slice by slice."""


class Highlighter:
    """The spans of a growing list of lines. Lexing happens in `catch_up`."""

    __slots__ = ("_language", "_lexed", "_live", "_over", "_settled", "_stack", "lines", "spans")

    def __init__(self, name: str) -> None:
        self._language: Language | None = language(name.lower())
        self.lines: list[str] = []
        self.spans: list[tuple[Span, ...]] = []
        self._settled = 0  # lines with final spans; a multiple of BLOCK until the end
        self._stack = ROOT  # the states at the end of the settled lines
        self._lexed = 0  # lines with spans of either pass; the others are plain
        self._live = ROOT  # the states at the end of the lexed lines
        self._over = False

    def add(self, line: str) -> None:
        """Add a complete line."""
        self.lines.append(line)

    def finish(self) -> None:
        """No more lines will come."""
        self._over = True

    @property
    def behind(self) -> bool:
        """True while lines are shown without their colours: call `catch_up` again."""
        return self._language is not None and self._lexed < len(self.lines)

    def catch_up(self) -> tuple[int, int]:
        """Lex a slice of what is new. The range of lines whose spans changed."""
        lines, first = self.lines, min(self._lexed, len(self.spans))
        if self._language is None:
            first = len(self.spans)
            self.spans += [plain_spans(line) for line in lines[first:]]
            return first, len(lines)
        new = len(self.spans)
        self.spans += [plain_spans(line) for line in lines[new:]]
        budget = SLICE
        while len(lines) - self._settled >= BLOCK + LOOK and budget > 0:
            first = min(first, self._settled)
            self._settle(self._language, BLOCK, BLOCK + LOOK)
            budget -= BLOCK
        rest = len(lines) - self._settled
        if rest < BLOCK + LOOK:
            if self._over and rest:
                first = min(first, self._settled)
                self._settle(self._language, rest, rest)
            elif not self._over and self._lexed < len(lines):
                self._lex_new(self._language)
        return first, max(self._lexed, first)

    def peek(self, partial: str) -> tuple[Span, ...]:
        """The spans of a line that still grows; after `catch_up`."""
        if self._language is None or not partial or self.behind:
            return plain_spans(partial)
        return lex_lines(self._language, [partial], self._live)[0][0]

    def _lex_new(self, language: Language) -> None:
        """The first pass over the lines that have no spans yet."""
        spans, stacks = lex_lines(language, self.lines[self._lexed :], self._live)
        self.spans[self._lexed :] = spans
        self._live = stacks[-1]
        self._lexed = len(self.lines)

    def _settle(self, language: Language, count: int, look: int) -> None:
        """The second pass: the next `count` lines are final, seen with those up to `look`."""
        start = self._settled
        spans, stacks = lex_lines(language, self.lines[start : start + look], self._stack)
        self.spans[start : start + look] = spans
        self._stack = stacks[count - 1]
        if self._lexed <= start + look:
            self._lexed, self._live = start + look, stacks[-1]
        self._settled = start + count
