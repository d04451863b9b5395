"""A model in a list: its reference with what is known of it."""

from __future__ import annotations

from koi.core.seams import ModelInfo
from koi.core.usage import Price
from koi.view.line import MUTED, PLAIN, Face, Line, Measure, Span
from koi.view.lines.row import row
from koi.view.safe_text import safe
from koi.view.units import size, tokens

UNKNOWN_PRICE = "price unknown"


def model_line(
    model: ModelInfo, width: int, measure: Measure, *, selected: bool = False, current: bool = False
) -> Line:
    """One model: its reference, then price per million tokens, context, abilities, size on disk."""
    face = Face("selected", "r") if selected else PLAIN
    mark = ("▸" if selected else " ") + ("●" if current else " ")
    left: list[Span] = [
        (mark + " ", Face("accent", "b")),
        (safe(str(model.reference), keep_newlines=False), face),
    ]
    notes = _notes(model)
    while notes:
        right: Span = ("  " + " · ".join(notes) + " ", MUTED)
        if measure(right[0]) + measure(left[1][0]) + 4 <= width:
            return row(left, [right], width, measure)
        notes.pop(0 if notes[0] == UNKNOWN_PRICE else -1)
    return row(left, (), width, measure)


def abilities(model: ModelInfo) -> list[str]:
    """What is known of its abilities, in words."""
    if model.embeddings:
        return ["embeddings"]
    named = (("tools", model.tools), ("vision", model.vision), ("reasoning", model.reasoning))
    has = [name for name, able in named if able]
    if model.tools is False:
        has.insert(0, "prompted tools")
    return [*has, "no streaming"] if model.streaming is False else has


def _notes(model: ModelInfo) -> list[str]:
    notes = [_price(model.price)]
    if model.context_window:
        notes.append(f"{tokens(model.context_window)} ctx")
    able = abilities(model)
    return [*notes, *able, *([size(model.size_bytes)] if model.size_bytes else [])]


def _price(price: Price | None) -> str:
    if price is None:
        return UNKNOWN_PRICE
    if not (price.input_per_mtok or price.output_per_mtok):
        return "free"
    return f"${price.input_per_mtok:g} in ${price.output_per_mtok:g} out"
