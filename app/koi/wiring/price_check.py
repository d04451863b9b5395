"""Mistakes in prices: models that no limit in USD lets through, names under [pricing] of no model.
Nobody is asked."""

from __future__ import annotations

from collections.abc import Iterator

from koi.catalogue.model_cache import ModelCache
from koi.catalogue.prices import is_listed, list_models, read_facts
from koi.catalogue.registry import Registered, Registry
from koi.config.mistakes import Mistake, dotted, nearest
from koi.config.schema import ROLE_NAMES, RoleName
from koi.core.errors import KoiError
from koi.core.references import ModelReference
from koi.providers.demo.reference import DEMO
from koi.routing.limits import NAMES, in_usd
from koi.wiring.budgets import configured_limits
from koi.wiring.candidate_check import mistake_at
from koi.wiring.fallbacks import FallbackLists
from koi.wiring.named_models import model_at_once

_UNPRICED: tuple[RoleName, ...] = ("executor", "small")
"""Roles whose own models are looked at; the others are not asked."""


def price_mistakes(registry: Registry) -> tuple[Mistake, ...]:
    """Warnings only. Takes up to 0.2 s when prices have to be looked up."""
    return (*_never_asked(registry), *_names(registry))


def _never_asked(registry: Registry) -> Iterator[Mistake]:
    limits = configured_limits(registry.config.tables.budget)
    limit = next((each for each in limits if in_usd(each)), None)
    if limit is None:
        return
    told: set[ModelReference] = set()
    for key, model in _asked(registry):
        if model in told or model == DEMO or read_facts(model, registry).price is not None:
            continue
        told.add(model)
        said = f"{model} is never asked: its price is not known, and {NAMES[limit]} is set"
        hint = f'Write its price under [pricing."{model}"], or set a limit in tokens instead.'
        yield mistake_at(registry, key, said, hint, "warning")


def _asked(registry: Registry) -> Iterator[tuple[str, ModelReference]]:
    """The models that requests may go to, each with the key that names it."""
    config = registry.config
    for role in _UNPRICED:
        try:
            written, key = config.role_model(role), config.role_key(role)
            if written and key:
                yield key, model_at_once(written, registry)
        except KoiError:
            continue  # a name that means nothing is told of already
    for key, fallback in FallbackLists(registry).all():
        if fallback.error is None:
            yield key, fallback.reference
    for provider in registry.all:
        fields = {"fast_model": provider.table.fast_model}
        if config.tables.routing.tiers:
            fields["premium_model"] = provider.table.premium_model
        for field, name in fields.items():
            if name is not None and "$" not in name:
                yield provider.key(field), ModelReference(provider.name, name)


def _names(registry: Registry) -> Iterator[Mistake]:
    pricing = registry.config.tables.pricing
    if not pricing:
        return
    known = _known(registry)
    whole = [str(model) for model in known]
    bare = {model.model for model in known}
    for name in pricing:
        if name in bare or name in whole or _is_listed(name, registry):
            continue
        near = nearest(name, bare if "/" not in name else whole) or nearest(name, bare)
        hint = f"Did you mean {near}? " if near else ""
        hint += "koi models shows the names."
        said = "no model that is configured or known has this name"
        yield mistake_at(registry, dotted(("pricing", name)), said, hint, "warning")


def _known(registry: Registry) -> set[ModelReference]:
    cache, found = ModelCache(registry.config), {model for _, model in _asked(registry)}
    for role in ROLE_NAMES:
        try:
            if written := registry.config.role_model(role):
                found.add(model_at_once(written, registry))
        except KoiError:
            continue  # told of already
    for provider in registry.all:
        listed = cache.read(provider)
        names = {*_of_table(provider), *list_models(provider)}
        names |= set() if listed is None else {each.reference.model for each in listed.models}
        found |= {ModelReference(provider.name, name) for name in names}
    return found


def _of_table(provider: Registered) -> Iterator[str]:
    """The models that its table and the catalogue name."""
    table = provider.table
    named = (provider.default_model, table.fast_model, table.premium_model)
    yield from (name for name in named if name is not None)
    yield from table.models


def _is_listed(name: str, registry: Registry) -> bool:
    """True for a name that the price list knows in another form, such as with a date."""
    provider, slash, model = name.partition("/")
    for each in registry.all:
        if is_listed(each, model if slash and each.name == provider else name):
            return True
    return False
