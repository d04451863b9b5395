"""Rows of the list of models: a model with what is known of it, a provider, a heading."""

from __future__ import annotations

from koi.core.offers import ProviderOffer
from koi.core.seams import ModelInfo
from koi.core.usage import Price
from koi.view.graphemes import shorten
from koi.view.line import MUTED, PLAIN, Face, Line, Measure, Span, cells
from koi.view.lines.row import row
from koi.view.safe_text import safe
from koi.view.units import size, tokens

UNKNOWN_PRICE = "price unknown"
_MARK = Face("accent", "b")
_SELECTED = Face("selected", "r")
_LEAST = 8
"""Cells below which a note that was cut says nothing."""


def model_line(
    model: ModelInfo,
    width: int,
    measure: Measure,
    *,
    selected: bool = False,
    current: bool = False,
    favourite: bool = False,
    reason: str = "",
    title: str = "",
) -> Line:
    """One model: its reference, then price per million tokens, context, abilities, size on disk.

    `reason` says in their place why it cannot be used; `title` names its provider where room is.
    """
    name = _plain(str(model.reference))
    left = _left(name, selected, "●" if current else " ", "★" if favourite else " ")
    if reason:
        return _with_note(left, _plain(reason), width, measure)
    notes = [*_notes(model), *([_plain(title)] if title else [])]
    while notes:
        right: Span = ("  " + " · ".join(notes) + " ", MUTED)
        if measure(right[0]) + measure(name) + 5 <= width:
            return row(left, [right], width, measure)
        notes.pop(0 if notes[0] == UNKNOWN_PRICE else -1)
    return row(left, (), width, measure)


def provider_line(
    offer: ProviderOffer, width: int, measure: Measure, *, selected: bool = False
) -> Line:
    """One provider: its name, its name for people where room is, and why it cannot be used."""
    name, title, note = _plain(offer.provider), _plain(offer.title), _plain(offer.reason)
    note = note or (_plain(f"no list: {offer.failure}") if offer.failure else "no models known")
    left = _left(name, selected, " ", " ")
    room = width - measure(name) - measure(note) - 9
    if title.lower() != name.lower() and measure(title) <= room:
        left.append((f"  {title}", MUTED))
    return _with_note(left, note, width, measure)


def typed_line(
    name: str, reason: str, width: int, measure: Measure, *, selected: bool = False
) -> Line:
    """A model that no list has, and why its provider cannot be used."""
    left = _left(_plain(name), selected, " ", " ")
    note = _plain(reason) or "not in the list: as typed"
    return _with_note(left, note, width, measure)


def heading_line(text: str, note: str, width: int, measure: Measure) -> Line:
    """The name of a section, and what is to be said of all its rows."""
    title = _plain(text)
    left: list[Span] = [(f" {title}", Face("title", "b"))]
    room = width - measure(title) - 5
    if not note or room < _LEAST:
        return row(left, (), width, measure)
    return row([*left, (f"  {shorten(_plain(note), room, measure)}", MUTED)], (), width, measure)


def abilities(model: ModelInfo) -> list[str]:
    """What is known of its abilities, in words."""
    if model.embeddings:
        return ["embeddings"]
    named = (("tools", model.tools), ("vision", model.vision), ("reasoning", model.reasoning))
    has = [name for name, able in named if able]
    if model.tools is False:
        has.insert(0, "prompted tools")
    return [*has, "no streaming"] if model.streaming is False else has


def price_words(price: Price | None) -> str:
    """Such as "$3 in $15 out"; a price that is not known is said to be so."""
    if price is None:
        return UNKNOWN_PRICE
    if not (price.input_per_mtok or price.output_per_mtok):
        return "free"
    return f"${price.input_per_mtok:g} in ${price.output_per_mtok:g} out"


def _notes(model: ModelInfo) -> list[str]:
    notes = [price_words(model.price)]
    if model.context_window:
        notes.append(f"{tokens(model.context_window)} ctx")
    able = abilities(model)
    return [*notes, *able, *([size(model.size_bytes)] if model.size_bytes else [])]


def _with_note(left: list[Span], note: str, width: int, measure: Measure) -> Line:
    """A row with a note at its right end, cut where there is no room for all of it."""
    room = width - cells(left, measure) - 4
    if room < _LEAST:
        return row(left, (), width, measure)
    return row(left, [(f"  {shorten(note, room, measure)} ", MUTED)], width, measure)


def _left(name: str, selected: bool, *marks: str) -> list[Span]:
    mark = ("▸" if selected else " ") + "".join(marks)
    return [(mark + " ", _MARK), (name, _SELECTED if selected else PLAIN)]


def _plain(text: str) -> str:
    return safe(text, keep_newlines=False)
