"""What every provider offers: what is known at once, and the answers as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable
from typing import TYPE_CHECKING

import msgspec

from koi.agent.options import SessionOptions
from koi.catalogue.prices import FREE
from koi.catalogue.registry import Registered, Registry
from koi.core.offers import ProviderOffer
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo, Provider
from koi.credentials.findings import LOCAL_PROBE, Discovery, Finding
from koi.credentials.ollama import best_model
from koi.credentials.reasons import credential_words, why_incomplete, why_not
from koi.providers.demo.reference import DEMO
from koi.wiring.providers import open_provider
from koi.wiring.registry import open_registry

if TYPE_CHECKING:
    from koi.providers.live_models import ProviderModels

LOOKING = "looking …"
"""The reason of a provider while credentials are still looked for."""
DEMO_OFFER = ProviderOffer(
    DEMO.provider,
    "Demo, offline",
    models=(ModelInfo(DEMO, tools=True, price=FREE),),
    default_model=DEMO.model,
    credential="no key needed",
)


async def offers(
    options: SessionOptions, used: Collection[ModelReference] = (), *, refresh: bool = False
) -> AsyncGenerator[tuple[ProviderOffer, ...], None]:
    """First every provider, as far as keys and remembered lists say; then those that changed.

    `used` are models that are shown also when no list names them, with what is known of them.
    The demo comes first while it is used: who leaves it looks for others behind it. `refresh`
    asks also those whose list is remembered. Nothing is waited for before the first tuple but
    small files. Raises ConfigurationError.
    """
    from koi.credentials.discovery import discover, known_at_once

    registry = open_registry(
        options.config_flag, workspace=options.workspace, trusted=options.trust
    )
    found = asyncio.create_task(discover(registry))
    try:
        at_once = known_at_once(registry)
        yield _beside_demo(await _remembered(registry, at_once, used, waiting=True), used)
        discovery = await found
        known = await _remembered(registry, discovery, used)
        yield _beside_demo(known, used)
    finally:
        found.cancel()
    async for offer in _asked(registry, known, used, refresh=refresh):
        yield (offer,)


def _beside_demo(
    known: tuple[ProviderOffer, ...], used: Collection[ModelReference]
) -> tuple[ProviderOffer, ...]:
    return (DEMO_OFFER, *known) if DEMO in used else (*known, DEMO_OFFER)


async def remembered_offers(options: SessionOptions) -> tuple[ProviderOffer, ...]:
    """Every provider with what is remembered of it; nobody is asked for a list of models.

    Raises ConfigurationError.
    """
    from koi.credentials.discovery import discover

    registry = open_registry(
        options.config_flag, workspace=options.workspace, trusted=options.trust
    )
    return (*await _remembered(registry, await discover(registry), ()), DEMO_OFFER)


async def _remembered(
    registry: Registry,
    discovery: Discovery,
    used: Collection[ModelReference],
    *,
    waiting: bool = False,
) -> tuple[ProviderOffer, ...]:
    """The offers without asking anybody. `waiting`: what was not found yet may still be."""
    from koi.providers.live_models import remembered_models

    offered = [_offer(provider, discovery, waiting) for provider in registry.all]
    usable = [registry.get(offer.provider) for offer in offered if not offer.reason]
    lists = {found.provider: found for found in await remembered_models(usable, registry)}
    whole = [
        await _with_list(offer, lists[offer.provider], registry, used)
        if offer.provider in lists
        else await _with_used(offer, registry, used)
        for offer in offered
    ]
    return (*whole, *_incomplete(registry))


async def _asked(
    registry: Registry,
    known: Iterable[ProviderOffer],
    used: Collection[ModelReference],
    *,
    refresh: bool,
) -> AsyncGenerator[ProviderOffer, None]:
    """The usable ones again, each as soon as it has given its list, or has not."""
    from koi.credentials.discovery import look_ahead
    from koi.providers.live_models import live_models

    def opener(name: str) -> Provider:
        return open_provider(name, registry)

    async def ask(offer: ProviderOffer) -> ProviderOffer:
        provider = registry.get(offer.provider)
        await look_ahead((provider,), registry)
        (answer,) = await live_models((provider,), registry, opener, refresh=refresh)
        return await _with_list(offer, answer, registry, used)

    tasks = [asyncio.create_task(ask(offer)) for offer in known if not offer.reason]
    try:
        for answer in asyncio.as_completed(tasks):
            yield await answer
    finally:
        for task in tasks:
            task.cancel()


def _offer(provider: Registered, discovery: Discovery, waiting: bool) -> ProviderOffer:
    findings = discovery.of(provider.name)
    reason = why_not(provider, findings)
    looking = waiting and bool(reason) and provider.enabled
    if looking:
        reason = LOOKING
    company, finding = provider.row.company, discovery.usable(provider.name)
    return ProviderOffer(
        provider.name,
        company.display_name,
        company.aliases,
        default_model=provider.default_model or _best(findings),
        reason=reason,
        looking=looking,
        can_connect=provider.enabled and provider.plugin is None,
        credential="" if reason else credential_words(provider, finding),
    )


def _best(findings: Iterable[Finding]) -> str | None:
    """The model of a local server that its bare name means."""
    probed = (found.models for found in findings if found.source == LOCAL_PROBE)
    return next((best for models in probed if (best := best_model(models))), None)


async def _with_list(
    offer: ProviderOffer,
    found: ProviderModels,
    registry: Registry,
    used: Collection[ModelReference],
) -> ProviderOffer:
    failure = "" if found.failure is None else found.failure.title.rstrip(".")
    listed = msgspec.structs.replace(
        offer,
        models=found.models,
        source=found.source,
        asked_at=found.asked_at,
        failure=failure,
    )
    return await _with_used(listed, registry, used)


async def _with_used(
    offer: ProviderOffer, registry: Registry, used: Collection[ModelReference]
) -> ProviderOffer:
    """The models that the person uses come first, when the provider does not name them; of one
    that cannot be used also those that koi knows, so that they are found.
    """
    from koi.catalogue.families import offered_models
    from koi.catalogue.models import described

    names = {model.reference.model for model in offer.models}
    more = [each.model for each in used if each.provider == offer.provider]
    if offer.reason and offer.can_connect and not offer.looking:
        known = (offer.default_model, *offered_models(offer.provider))
        more += [name for name in known if name and name not in more]
    missing = [name for name in more if name not in names]
    if not missing:
        return offer
    provider = registry.get(offer.provider)
    described_models = await asyncio.to_thread(described, provider, missing, registry)
    added = tuple(model for model in described_models if model.reference.model in missing)
    return msgspec.structs.replace(offer, models=(*added, *offer.models))


def _incomplete(registry: Registry) -> tuple[ProviderOffer, ...]:
    """Tables of one's own that cannot be used as they stand, and what is wrong with each."""
    return tuple(
        ProviderOffer(name, name, reason=why_incomplete(error), can_connect=False)
        for name, error in registry.incomplete.items()
    )
