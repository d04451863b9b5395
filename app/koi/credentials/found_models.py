"""The models of the providers that have a credential here."""

from __future__ import annotations

from collections.abc import Iterable

from koi.catalogue.models import known_models, model_info
from koi.catalogue.registry import Registered, Registry
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.credentials.findings import Discovery


def usable_providers(registry: Registry, discovery: Discovery) -> list[Registered]:
    """Providers that are switched on and have something usable."""
    return [
        provider
        for provider in registry.all
        if provider.enabled and discovery.usable(provider.name) is not None
    ]


def found_models(
    providers: Iterable[Registered], registry: Registry, discovery: Discovery
) -> list[ModelInfo]:
    """What local servers said they have, and what the catalogue knows of the others.

    Takes up to 0.2 s the first time: call it off the UI thread.
    """
    found: list[ModelInfo] = []
    for provider in providers:
        local = [model for finding in discovery.of(provider.name) for model in finding.models]
        references = [ModelReference(provider.name, model) for model in local]
        found += [model_info(reference, registry) for reference in references]
        if not local:
            found += known_models(provider, registry)
    return found
