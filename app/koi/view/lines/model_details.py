"""The list of models: its rows, the role above them, and all that is known of the chosen one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from koi.core.offers import EXECUTOR, ProviderOffer, RoleModel
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.core.usage import Price
from koi.view.graphemes import shorten
from koi.view.line import MUTED, PLAIN, Face, Line, Measure, Span
from koi.view.lines.models import (
    UNKNOWN_PRICE,
    abilities,
    heading_line,
    model_line,
    provider_line,
    typed_line,
)
from koi.view.lines.row import fit
from koi.view.model_rows import (
    FAVOURITES,
    FOUND,
    RECENT,
    Heading,
    ModelRow,
    ProviderRow,
    Row,
    TypedRow,
)
from koi.view.safe_text import safe
from koi.view.units import ago, size, tokens
from koi.view.wrap import wrap_text

SESSION = "this session"
NOT_IN_EFFECT = "without effect in this version"


def row_line(
    row: Row,
    current: ModelReference | None,
    favourites: Sequence[ModelReference],
    width: int,
    measure: Measure,
    *,
    selected: bool = False,
    waiting: bool = False,
) -> Line:
    """Any row of the list. `current` is the model that the role has now; `waiting`: nobody has
    said anything yet of models that the person likes or uses.
    """
    match row:
        case Heading(text=text, note=note):
            return heading_line(text, note, width, measure)
        case ProviderRow(offer=closed):
            return provider_line(closed, width, measure, selected=selected)
        case TypedRow(reference=reference, offer=offer):
            reason = offer.reason if offer is not None else ""
            return typed_line(str(reference), reason, width, measure, selected=selected)
        case ModelRow(section=section, model=model, offer=offer):
            mixed = section in (FAVOURITES, RECENT, FOUND)
            return model_line(
                model,
                width,
                measure,
                selected=selected,
                current=model.reference == current,
                favourite=model.reference in favourites,
                reason=offer.reason if offer is not None else "…" if waiting else "",
                title=offer.title if offer is not None and mixed else "",
            )


def failed_lists(offers: Iterable[ProviderOffer], typed: str) -> str:
    """Who gave no list; why, once the typed text names the provider."""
    failed = {each.provider: each.failure for each in offers if each.failure and not each.reason}
    provider, slash, _ = typed.partition("/")
    if not slash:
        return f"no list from {_plain(', '.join(failed))}" if failed else ""
    reason = failed.get(provider)
    return "" if reason is None else _plain(f"no list from {provider}: {reason}")


def role_lines(
    roles: Mapping[str, RoleModel], chosen: str, current: str, width: int, measure: Measure
) -> list[Line]:
    """All roles, the chosen one in brackets; its model below, and where that comes from.

    `current` is the model of the session, empty when there is none.
    """
    names: list[Span] = [(" ", PLAIN)]
    for name in roles:
        mine = name == chosen
        face = Face("accent", "b") if mine else MUTED
        names.append((f"[{name}]" if mine else f" {name} ", face))
    role = roles.get(chosen, RoleModel(chosen))
    effect = "" if role.in_effect else f" · {NOT_IN_EFFECT}"
    none = "the best one found" if chosen == EXECUTOR else "none chosen"
    words = f"{role.reference or none}{effect}{f' · {role.place}' if role.place else ''}"
    if chosen == EXECUTOR and current:
        words = f"{current} ({SESSION}) · new sessions: {words}"
    below = fit([(f"  {_plain(words)}", MUTED)], width, measure)
    return [Line(tuple(fit(names, width, measure))), Line(tuple(below))]


def detail_lines(
    row: Row | None, now: float, width: int, height: int, measure: Measure
) -> list[Line]:
    """All that is known of the chosen row, in at most `height` lines. `now` as `time.time()`."""
    if row is None or isinstance(row, Heading):
        return []
    lines = wrap_text(_plain(" · ".join(_facts(row, now))), width, measure, MUTED, _EDGE, _EDGE)
    if len(lines) <= height:
        return lines
    last = shorten(f"{lines[height - 1].text} …", width, measure)
    return [*lines[: height - 1], Line(((last, MUTED),))]


_EDGE = ((" ", PLAIN),)


def _facts(row: Row, now: float) -> Sequence[str]:
    match row:
        case ModelRow(model=model, offer=offer):
            name = str(model.reference)
            if offer is None:
                return [name, *_model(model)]
            if offer.reason:
                return [name, *_closed(offer), *_model(model)]
            return [name, *_model(model), *_usable(offer, now)]
        case TypedRow(reference=reference, offer=offer):
            head = [str(reference), "no list has it; it is used as typed"]
            return [*head, *(_closed(offer) if offer is not None else ())]
        case ProviderRow(offer=offer):
            names = [offer.provider, *([offer.title] if offer.title else [])]
            return [*names, *(_closed(offer) if offer.reason else _usable(offer, now))]
        case Heading():
            return []


def _model(model: ModelInfo) -> list[str]:
    facts = [_price(model.price)]
    if model.context_window:
        facts.append(f"context {tokens(model.context_window)}")
    if model.max_output_tokens:
        facts.append(f"output {tokens(model.max_output_tokens)}")
    if able := abilities(model):
        facts.append(", ".join(able))
    return [*facts, *([size(model.size_bytes)] if model.size_bytes else [])]


def _price(price: Price | None) -> str:
    """All prices that are known, per million tokens."""
    if price is None:
        return UNKNOWN_PRICE
    if not (price.input_per_mtok or price.output_per_mtok):
        return "free"
    words = f"per Mtok ${price.input_per_mtok:g} in, ${price.output_per_mtok:g} out"
    if price.cache_read_per_mtok is not None:
        words += f", ${price.cache_read_per_mtok:g} cache read"
    if price.cache_write_per_mtok is not None:
        words += f", ${price.cache_write_per_mtok:g} cache write"
    return words


def _closed(offer: ProviderOffer) -> list[str]:
    """Why a provider cannot be used, and the way on."""
    if not offer.reason:
        return []
    ways = ["Enter connects it"] if offer.can_connect and not offer.looking else []
    return [offer.reason, *ways]


def _usable(offer: ProviderOffer, now: float) -> list[str]:
    """With what a provider is used, and how old its list is."""
    facts = [offer.credential] if offer.credential else []
    facts.append(_list(offer, now))
    return [*facts, *([f"no list now: {offer.failure}"] if offer.failure else [])]


def _list(offer: ProviderOffer, now: float) -> str:
    match offer.source:
        case "live":
            return "listed just now"
        case "cached" if offer.asked_at is not None:
            return f"listed {ago(now - offer.asked_at)}"
        case _:
            return "from koi's own table"


def _plain(text: str) -> str:
    return safe(text, keep_newlines=False)
