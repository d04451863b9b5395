"""The unit that the screen asks for: one line of styled text, already wrapped to a width."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

Measure: TypeAlias = Callable[[str], int]
"""Cell width of a string. Injected, so that the view agrees with whatever paints it."""


class Face(NamedTuple):
    """How a run of text looks, in words; the painter maps them to colours."""

    kind: str = ""
    """A semantic name: muted, accent, ok, warn, error, code, diff_add, h1, tok:k, and so on."""
    flags: str = ""
    """Any of b (bold), i (italic), r (reverse), s (strike), u (underline), in that order."""
    href: str = ""
    """A link's target, or `koi:<action>` for something clickable inside the application."""


Span: TypeAlias = tuple[str, Face]
Prefix: TypeAlias = tuple[Span, ...]

PLAIN = Face()
MUTED = Face("muted")
FOLD = "koi:fold"
"""The action of a line that opens and closes its item."""


class Line(NamedTuple):
    """One screen line."""

    spans: tuple[Span, ...]
    gutter: int = 0
    """So many leading characters (bullets, bars, padding) are decoration: they are not copied."""
    soft: bool = False
    """The line above goes on here by wrapping: copying joins the two without a line break."""
    joint: str = " "
    """What joins a soft line to the one above when copied; empty inside a word."""

    @property
    def text(self) -> str:
        """The characters of the line."""
        return "".join([text for text, _ in self.spans])


BLANK = Line(())


def dimmed(line: Line) -> Line:
    """The same line for text that does not count; what can be clicked stays."""
    return line._replace(
        spans=tuple((text, Face("muted", face.flags, face.href)) for text, face in line.spans)
    )


def length(prefix: Iterable[Span]) -> int:
    """The characters of some spans."""
    return sum([len(text) for text, _ in prefix])


def cells(spans: Iterable[Span], measure: Measure) -> int:
    """The cells that some spans take on the screen."""
    return sum([len(text) if text.isascii() else measure(text) for text, _ in spans])
