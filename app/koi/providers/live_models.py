"""The models of providers as they are now: asked side by side, remembered for a day."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from koi.catalogue.learnt import learnt_facts
from koi.catalogue.model_cache import ModelCache, ModelList
from koi.catalogue.models import described, known_models
from koi.catalogue.registry import Registered, Registry
from koi.core.errors import KoiError, ProviderError
from koi.core.offers import ListSource
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo, Provider

PATIENCE_S = 10.0
"""Seconds for one provider's list."""
LEARNING_S = 1.0
"""Seconds that a session waits for what a local server says of its model."""


@dataclass(frozen=True, slots=True)
class ProviderModels:
    """The models of one provider. `known` means: koi's own table, nobody was asked."""

    provider: str
    models: tuple[ModelInfo, ...]
    source: ListSource
    asked_at: float | None = None
    """When the provider said so, in seconds since 1970."""
    failure: KoiError | None = None
    """Why the provider could not be asked; None when it was, or need not be."""


async def live_models(
    providers: Sequence[Registered],
    registry: Registry,
    opener: Callable[[str], Provider],
    *,
    refresh: bool = False,
) -> tuple[ProviderModels, ...]:
    """The models of some providers, in their order. Never raises for one that does not answer.

    A list that is younger than a day is not asked for again, unless the server is on the person's
    own machine, where models come and go, or `refresh` says so. Then also what refusals taught
    about the models is forgotten.
    """
    lists = (_models_of(provider, registry, opener, refresh) for provider in providers)
    return tuple(await asyncio.gather(*lists))


async def remembered_models(
    providers: Sequence[Registered], registry: Registry
) -> tuple[ProviderModels, ...]:
    """What is known of their models without asking anybody."""
    cache = ModelCache(registry.config)
    return tuple(
        [
            await _described(provider, registry, cache.read(provider), "cached")
            for provider in providers
        ]
    )


async def _models_of(
    provider: Registered, registry: Registry, opener: Callable[[str], Provider], refresh: bool
) -> ProviderModels:
    cache = ModelCache(registry.config)
    kept = cache.read(provider)
    local = provider.row.company.local
    if refresh:
        learnt_facts(registry.config.paths.cache).forget(provider.name)
    if kept is not None and kept.fresh and not refresh and not local:
        return await _described(provider, registry, kept, "cached")
    try:
        async with asyncio.timeout(PATIENCE_S):
            told = await _ask(provider, opener)
    except TimeoutError:
        failure: KoiError = ProviderError(
            f"no answer within {PATIENCE_S:g} s", kind="timeout", hint="Try again later."
        )
    except KoiError as error:
        failure = error
    else:
        cache.write(provider, told)
        return await _described(provider, registry, cache.read(provider), "live")
    found = await _described(provider, registry, kept, "cached")
    return replace(found, failure=failure)


async def _ask(provider: Registered, opener: Callable[[str], Provider]) -> tuple[ModelInfo, ...]:
    # Compiling a plugin may take a second or two.
    plugin = provider.plugin is not None
    opened = await asyncio.to_thread(opener, provider.name) if plugin else opener(provider.name)
    try:
        return await opened.list_models()
    finally:
        await opened.aclose()


async def _described(
    provider: Registered, registry: Registry, listed: ModelList | None, source: ListSource
) -> ProviderModels:
    """A list with all that is known of each model. The price list takes 0.2 s the first time."""
    if listed is None or not listed.models:
        known = await asyncio.to_thread(known_models, provider, registry)
        return ProviderModels(provider.name, known, "known")
    names = [info.reference.model for info in listed.models]
    models = await asyncio.to_thread(described, provider, names, registry)
    return ProviderModels(provider.name, models, source, listed.asked_at)


async def learn_local(
    reference: ModelReference, registry: Registry, opener: Callable[[str], Provider]
) -> None:
    """Ask a server what it has, unless its list names the model: then the first request knows
    whether the model calls tools. Never raises.
    """
    provider = registry.get(reference.provider)
    listed = ModelCache(registry.config).read(provider)
    if listed is not None and listed.get(reference.model) is not None:
        return
    with contextlib.suppress(KoiError, TimeoutError):
        async with asyncio.timeout(LEARNING_S):
            ModelCache(registry.config).write(provider, await _ask(provider, opener))
