"""What must not be cut: characters with the marks, selectors and joiners that stick to them."""

from __future__ import annotations

import re
from functools import cache

from koi.view.line import Measure

WIDE_RANGES = (
    "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6"
    "\U00020000-\U0003fffd"
)
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0900-\u0903\u093a-\u094f\u0e31"
    "\u0e34-\u0e3a\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\u3099\u309a\ufe00-\ufe0f"
    "\ufe20-\ufe2f\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef"
)
_FLAG_LETTERS = "\U0001f1e6-\U0001f1ff"
_OPEN_END = re.compile(f"[\u200d{_FLAG_LETTERS}]\\Z")


@cache  # not at import: most text is ASCII
def _cluster() -> re.Pattern[str]:
    pattern = f"[{_FLAG_LETTERS}]{{2}}|(?:.[{_MARKS}]*(?:\u200d.[{_MARKS}]*)*\u200d?)"
    return re.compile(pattern, re.DOTALL)


@cache
def _sticks() -> re.Pattern[str]:
    return re.compile(f"[{_MARKS}\u200d]")


def cut_at_cells(text: str, start: int, width: int, measure: Measure) -> int:
    """Where a piece from `start` ends that has at most `width` cells.

    Never inside a grapheme, and after at least one, so that a cut always makes progress.
    """
    if text.isascii():
        return min(len(text), start + max(1, width))
    used = 0
    for match in _cluster().finditer(text, start):
        used += measure(match[0])
        if used > width and match.start() > start:
            return match.start()
    return len(text)


def belong_together(left: str, right: str) -> bool:
    """True when a cut between the two would be inside a grapheme."""
    if right.isascii() or not left or not right:
        return False
    if _sticks().match(right):
        return True
    return bool(_OPEN_END.search(left)) and (left[-1] == "\u200d" or bool(_OPEN_END.match(right)))


def shorten(text: str, width: int, measure: Measure) -> str:
    """The text if it fits, else its front and an ellipsis, within `width` cells."""
    if (len(text) if text.isascii() else measure(text)) <= width:
        return text
    if width <= 1:
        return "…"[: max(0, width)]
    head = text[: cut_at_cells(text, 0, width - 1, measure)]
    return (head if measure(head) < width else "") + "…"
