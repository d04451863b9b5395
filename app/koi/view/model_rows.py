"""The rows of the list of models: sections, or what a typed text finds; which one stays chosen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from koi.core.errors import UsageError
from koi.core.offers import ProviderOffer
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.view.model_search import Entry, matching, nearest

FAVOURITES, RECENT, CURRENT, FOUND = "favourites", "recent", "in use", "found"
NOT_CONNECTED = "not connected"


class Heading(NamedTuple):
    """Names the rows below it; it cannot be chosen."""

    text: str
    note: str = ""


class ModelRow(NamedTuple):
    """A model. `offer` is what is known of its provider, None while nothing is."""

    section: str
    model: ModelInfo
    offer: ProviderOffer | None = None


class ProviderRow(NamedTuple):
    """A provider that cannot be used yet, or has no models to show."""

    offer: ProviderOffer


class TypedRow(NamedTuple):
    """A model that no list has, as it was typed."""

    reference: ModelReference
    offer: ProviderOffer | None = None


Row: TypeAlias = Heading | ModelRow | ProviderRow | TypedRow


class Found(NamedTuple):
    """The rows for what is typed. `near`: nothing has that name, these are like it."""

    rows: tuple[Row, ...]
    selected: int
    near: bool = False


class ModelStock:
    """All that can be chosen for a role. Made anew when a list arrives, not when a key is typed."""

    def __init__(
        self,
        offers: Iterable[ProviderOffer],
        *,
        favourites: Sequence[ModelReference] = (),
        recent: Sequence[ModelReference] = (),
        current: ModelReference | None = None,
        embeddings: bool = False,
    ) -> None:
        self._offers = tuple(offers)
        self._by_name = {offer.provider: offer for offer in self._offers}
        self._slugs = {
            _plain(name): offer.provider for offer in self._offers for name in offer.aliases
        } | {_plain(offer.provider): offer.provider for offer in self._offers}
        self._current = current
        self._embeddings = embeddings
        self._infos = {model.reference: model for offer in self._offers for model in offer.models}
        self._sections = tuple(self._in_sections(favourites, recent))
        each_once: dict[ModelReference, ModelRow] = {}
        for row in self._sections:
            if isinstance(row, ModelRow):
                each_once.setdefault(row.model.reference, row._replace(section=FOUND))
        self._models = tuple(each_once.values())
        self._entries = tuple(_entry_of(row) for row in self._models)
        self._closed = tuple(offer for offer in self._offers if offer.reason)
        self._closed_entries = tuple(_entry_of_provider(offer) for offer in self._closed)
        self._later = tuple(
            ModelRow(FOUND, model, offer)
            for offer in self._closed
            for model in offer.models
            if model.reference not in each_once and self._fits(model)
        )
        self._later_entries = tuple(_entry_of(row) for row in self._later)

    def find(self, typed: str, chosen: Row | None = None) -> Found:
        """The rows for a typed text. `chosen` stays chosen, if it is still there."""
        typed = typed.strip()
        if not typed:
            return Found(self._sections, self._place(self._sections, chosen))
        places, near = matching(typed, self._entries), False
        named, closed = self._closed_like(typed)
        found = matching(typed, self._later_entries, letters=False)
        closed += [self._later[place] for place in found]
        if not (places or named or closed):
            places, near = nearest(typed, self._entries), True
        rows: list[Row] = [*named, *(self._models[place] for place in places)]
        reference = self._parse(typed)
        exact = [row for row in (*rows, *closed) if _is(row, reference)]
        if reference is not None and not exact:
            offer = self._by_name.get(reference.provider)
            # A provider that koi knows was meant: what is like the name comes behind it.
            rows.insert(0 if near and offer else len(rows), TypedRow(reference, offer))
        if closed:
            rows += [Heading(NOT_CONNECTED), *closed]
        if chosen is None and exact:
            chosen = exact[0]
        place = _same(rows, chosen)
        return Found(tuple(rows), _first(rows) if place is None else place, near and bool(places))

    def _parse(self, text: str) -> ModelReference | None:
        """The reference that was typed, an alias replaced; None for what is none."""
        try:
            typed = ModelReference.parse(text)
        except UsageError:
            return None
        slug = self._slugs.get(_plain(typed.provider), typed.provider)
        return ModelReference(slug, typed.model)

    def _closed_like(self, typed: str) -> tuple[list[Row], list[Row]]:
        """Providers that cannot be used: those of exactly this name, and others like it."""
        named: list[Row] = []
        others: list[Row] = []
        for place in matching(typed, self._closed_entries, letters=False):
            offer = self._closed[place]
            names = (offer.provider, *offer.aliases, offer.title)
            exact = _plain(typed) in [_plain(name) for name in names]
            (named if exact else others).append(ProviderRow(offer))
        return named, others

    def _in_sections(
        self, favourites: Sequence[ModelReference], recent: Sequence[ModelReference]
    ) -> Iterator[Row]:
        marked = [model for model in self._known(favourites) if not self._is_gone(model)]
        gone = [model for model in self._known(favourites) if self._is_gone(model)]
        used = [
            model
            for model in self._known(recent)
            if model not in marked and not self._is_gone(model)
        ]
        for title, models in ((FAVOURITES, marked), (RECENT, used)):
            yield from self._section(title, "", models)
        shown = {model.reference for model in (*marked, *used)}
        for offer in self._offers:
            if not offer.reason:
                shown |= self._infos.keys() & {model.reference for model in offer.models}
        if self._current is not None and self._current.model and self._current not in shown:
            yield from self._section(CURRENT, "", [self._info(self._current)])
        for offer in self._offers:
            if offer.reason:
                continue
            models = [model for model in offer.models if self._fits(model)]
            note = f"no list: {offer.failure}" if offer.failure else ""
            if models:
                yield from self._section(offer.provider, note, models, offer.title)
            elif not offer.models:
                yield Heading(offer.title, note)
                yield ProviderRow(offer)
        closed: list[Row] = [ProviderRow(offer) for offer in self._offers if offer.reason]
        closed += [ModelRow(NOT_CONNECTED, model, _unknown(model)) for model in gone]
        if closed:
            yield Heading(NOT_CONNECTED)
            yield from closed

    def _section(
        self, section: str, note: str, models: Sequence[ModelInfo], title: str = ""
    ) -> Iterator[Row]:
        if models:
            yield Heading(title or section, note)
        for model in models:
            yield ModelRow(section, model, self._by_name.get(model.reference.provider))

    def _known(self, references: Sequence[ModelReference]) -> list[ModelInfo]:
        """Models that were marked or used, without those that another kind of role needs."""
        infos = [self._info(reference) for reference in references]
        return [info for info in infos if self._fits(info)]

    def _is_gone(self, model: ModelInfo) -> bool:
        """True when nobody knows its provider any more; addresses are providers of their own."""
        name = model.reference.provider
        return bool(self._offers) and name not in self._by_name and "://" not in name

    def _info(self, reference: ModelReference) -> ModelInfo:
        return self._infos.get(reference) or ModelInfo(reference)

    def _fits(self, model: ModelInfo) -> bool:
        return bool(model.embeddings) == self._embeddings

    def _place(self, rows: Sequence[Row], chosen: Row | None) -> int:
        """Where the choice is: as it was, else on the current model, else on the first row."""
        if (place := _same(rows, chosen)) is not None:
            return place
        if chosen is not None and (place := self._beside(rows, chosen)) is not None:
            return place
        of_current = (place for place, row in enumerate(rows) if _is(row, self._current))
        return next(of_current, _first(rows))

    def _beside(self, rows: Sequence[Row], chosen: Row) -> int | None:
        """Where the provider of a row that went away is: on its default model, if it has one."""
        offer = self._by_name.get(_provider(chosen))
        if offer is None:
            return None
        mine = [
            (place, row.model.reference.model)
            for place, row in enumerate(rows)
            if isinstance(row, ModelRow) and row.section == offer.provider
        ]
        wanted = (place for place, name in mine if name == offer.default_model)
        return next(wanted, mine[0][0] if mine else None)


def _unknown(model: ModelInfo) -> ProviderOffer:
    name = model.reference.provider
    return ProviderOffer(name, name, reason="unknown provider", can_connect=False)


def _entry_of(row: ModelRow) -> Entry:
    names = () if row.offer is None else (*row.offer.aliases, row.offer.title)
    return Entry.of(str(row.model.reference), *names)


def _entry_of_provider(offer: ProviderOffer) -> Entry:
    return Entry.of(offer.provider, *offer.aliases, offer.title)


def _first(rows: Sequence[Row]) -> int:
    return next((place for place, row in enumerate(rows) if not isinstance(row, Heading)), 0)


def _same(rows: Sequence[Row], chosen: Row | None) -> int | None:
    """Where a row is among others that may say something newer of it; None when it is not."""
    if chosen is None or isinstance(chosen, Heading):
        return None
    reference = reference_of(chosen)
    if reference is None:
        closed = [row.offer.provider if isinstance(row, ProviderRow) else "" for row in rows]
        return closed.index(_provider(chosen)) if _provider(chosen) in closed else None
    places = [place for place, row in enumerate(rows) if _is(row, reference)]
    here = [place for place in places if _section(rows[place]) == _section(chosen)]
    return next(iter((*here, *places)), None)


def reference_of(row: Row) -> ModelReference | None:
    """The model that a row means, None for a heading and for a provider."""
    match row:
        case ModelRow(model=model):
            return model.reference
        case TypedRow(reference=reference):
            return reference
        case _:
            return None


def _is(row: Row, reference: ModelReference | None) -> bool:
    return reference is not None and reference_of(row) == reference


def _section(row: Row) -> str:
    return row.section if isinstance(row, ModelRow) else ""


def _provider(row: Row) -> str:
    match row:
        case ProviderRow(offer=offer):
            return offer.provider
        case ModelRow() | TypedRow():
            reference = reference_of(row)
            return "" if reference is None else reference.provider
        case _:
            return ""


def _plain(name: str) -> str:
    """A provider's name as it is compared."""
    return name.lower().replace("_", "-")
