"""The bar that offers to raise a limit which has stopped a turn."""

from __future__ import annotations

from dataclasses import dataclass

from koi.view.line import MUTED, PLAIN, Face, Line, Measure
from koi.view.lines.header import keys_line
from koi.view.lines.row import fit
from koi.view.safe_text import SafeText
from koi.view.wrap import wrap_text


@dataclass(slots=True)
class LimitQuestion:
    """What was reached, and the new amount as it is typed."""

    said: SafeText
    unit: str
    """Stands behind the amount: USD, tokens, requests."""
    amount: str
    mistake: str = ""
    """Why the amount cannot be taken."""


def limit_lines(
    question: LimitQuestion, width: int, measure: Measure, *, focused: bool
) -> list[Line]:
    """What was reached, the amount, and the keys."""
    first, rest = ((" ! ", Face("warn", "b")),), (("   ", PLAIN),)
    lines = wrap_text(question.said, width, measure, Face("", "b"), first, rest)
    cursor = Face("", "r") if focused else PLAIN
    amount = [("   raise it to ", MUTED), (question.amount, Face("accent", "b")), (" ", cursor)]
    lines.append(
        Line(tuple(fit([*amount, (f" {question.unit} for this session", MUTED)], width, measure)))
    )
    if question.mistake:
        lines.append(Line(tuple(fit([(f"   {question.mistake}", Face("error"))], width, measure))))
    keys = [("Enter", "raise and go on"), ("Esc", "keep the stop"), ("0–9 . ⌫", "another amount")]
    if not focused:
        keys = [("Tab", "answer"), ("Esc", "keep the stop")]
    shown = keys_line(keys, width - 2, measure)
    lines.append(Line((("  ", PLAIN), *shown.spans)))
    return lines
