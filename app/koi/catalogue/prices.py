"""Prices: the person's own, else the provider's, else genai-prices (imported late)."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from koi.catalogue.families import is_cloud_name
from koi.catalogue.model_cache import ModelCache
from koi.catalogue.price_cache import PriceCache, PricedFacts
from koi.catalogue.registry import Registered, Registry
from koi.config.schema import PriceTable
from koi.core.references import ModelReference
from koi.core.usage import Price

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice, Provider

FREE = Price(0.0, 0.0, 0.0, 0.0)
_PATTERNS = ("ft:", "regional.")
"""Entries of the price list that stand for many models, and are no names."""
_loading = threading.Lock()


class Prices:
    """Looks prices up off the event loop's thread, each model once a day."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._cache = PriceCache(registry.config.paths.cache)
        self._known: dict[ModelReference, PricedFacts] = {}

    async def price(self, reference: ModelReference) -> Price | None:
        """USD per million tokens, None when it is not known. A PriceLookup."""
        return (await self.facts(reference)).price

    async def facts(self, reference: ModelReference) -> PricedFacts:
        """Price and context window (tokens), each None when it is not known."""
        if reference not in self._known:
            own = _own_facts(reference, self._registry)
            listed = await self._listed(reference)
            self._known[reference] = _joined(own, listed)
        return self._known[reference]

    async def _listed(self, reference: ModelReference) -> PricedFacts:
        provider = self._registry.find(reference.provider)
        identifier = None if provider is None else _price_id(provider)
        if provider is None or identifier is None:
            return PricedFacts()
        key = f"{identifier}/{reference.model}"
        remembered = self._cache.get(key)
        if remembered is None:
            remembered = await asyncio.to_thread(_listed_facts, provider, reference.model)
            await asyncio.to_thread(self._cache.put, key, remembered)
        return remembered


def _configured_price(reference: ModelReference, registry: Registry) -> Price | None:
    """The price in `[pricing]` (under the reference, else the bare name), or 0 of a local model."""
    pricing = registry.config.tables.pricing
    table = pricing.get(str(reference)) or pricing.get(reference.model)
    if table is not None:
        return _from_table(table)
    provider = registry.find(reference.provider)
    return FREE if provider is not None and _is_free(provider, reference.model) else None


def _own_facts(reference: ModelReference, registry: Registry) -> PricedFacts:
    """The configured price, else what the provider itself said last."""
    provider = registry.find(reference.provider)
    listed = None if provider is None else ModelCache(registry.config).read(provider)
    told = None if listed is None else listed.get(reference.model)
    price, window = (None, None) if told is None else (told.price, told.context_window)
    return PricedFacts(_configured_price(reference, registry) or price, window)


def _joined(own: PricedFacts, listed: PricedFacts) -> PricedFacts:
    return PricedFacts(
        own.price or listed.price,
        own.context_window or listed.context_window,
    )


def read_facts(reference: ModelReference, registry: Registry) -> PricedFacts:
    """Price and context window of a model. Takes up to 0.2 s the first time."""
    provider = registry.find(reference.provider)
    listed = PricedFacts() if provider is None else _listed_facts(provider, reference.model)
    return _joined(_own_facts(reference, registry), listed)


def list_models(provider: Registered) -> tuple[str, ...]:
    """The models that genai-prices has for a provider, without those that it calls deprecated."""
    source = _price_list(provider)
    if source is None:
        return ()
    now = datetime.now(UTC)
    return tuple(
        model.id
        for model in source.models
        if not (model.deprecated or model.id.startswith(_PATTERNS))
        and _price(model.get_prices(now)) is not None
    )


def is_listed(provider: Registered, model: str) -> bool:
    """True when genai-prices has a price for a model of a provider."""
    return _listed_facts(provider, model).price is not None


def _listed_facts(provider: Registered, name: str) -> PricedFacts:
    source = _price_list(provider)
    model = None if source is None else source.find_model(name)
    if model is None:
        return PricedFacts()
    return PricedFacts(_price(model.get_prices(datetime.now(UTC))), model.context_window)


def _price_id(provider: Registered) -> str | None:
    """None also when a table sends the provider's name to somebody else's endpoint."""
    return None if provider.table.base_url is not None else provider.row.company.price_id


def _price_list(provider: Registered) -> Provider | None:
    identifier = _price_id(provider)
    if identifier is None:
        return None
    with _loading:
        from genai_prices.data_snapshot import find_provider_by_id, get_snapshot

        return find_provider_by_id(get_snapshot().providers, identifier)


def _is_free(provider: Registered, model: str) -> bool:
    """True for models that run on the person's own machines, not in a vendor's cloud."""
    return provider.row.company.local and not is_cloud_name(model)


def _from_table(table: PriceTable) -> Price:
    return Price(
        table.input_per_mtok,
        table.output_per_mtok,
        table.cache_read_per_mtok,
        table.cache_write_per_mtok,
    )


def _price(prices: ModelPrice) -> Price | None:
    fresh, output = _usd(prices.input_mtok), _usd(prices.output_mtok)
    if fresh is None or output is None:
        return None
    return Price(fresh, output, _usd(prices.cache_read_mtok), _usd(prices.cache_write_mtok))


def _usd(price: object) -> float | None:
    """The price of the lowest tier, which is what a request of usual size costs."""
    base: object = getattr(price, "base", price)
    return None if base is None else float(str(base))
