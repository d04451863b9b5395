"""The models that a provider itself names, and which of them one begins with."""

from __future__ import annotations

import asyncio

from koi.catalogue.registry import Registered, Registry
from koi.core.errors import ProviderError
from koi.core.seams import ModelInfo
from koi.credentials.ollama import best_model
from koi.wiring.providers import open_provider

PATIENCE_S = 15.0
"""Seconds for a list of models while somebody waits for it."""


async def provider_models(name: str, registry: Registry) -> tuple[str, ...]:
    """The models of a provider as it is connected now, asked for. Raises KoiError."""
    provider = open_provider(name, registry)
    try:
        async with asyncio.timeout(PATIENCE_S):
            found: tuple[ModelInfo, ...] = await provider.list_models()
    except TimeoutError as error:
        raise ProviderError(
            f"{name} did not answer within {PATIENCE_S:g} s",
            kind="timeout",
            hint="Try again later.",
            provider=name,
        ) from error
    finally:
        await provider.aclose()
    return tuple(info.reference.model for info in found if not _makes_vectors(info))


def has_model(models: tuple[str, ...], name: str) -> bool:
    """True when a list has a model, perhaps with a date behind its name; no list has them all."""
    return not models or any(each == name or each.startswith(f"{name}-") for each in models)


def first_model(provider: Registered, models: tuple[str, ...]) -> str | None:
    """The model to begin with, once a provider is connected; None when none is known."""
    default = provider.default_model
    if default is not None and (default in models or not provider.row.company.local):
        return default
    return best_model(models)


def _makes_vectors(info: ModelInfo) -> bool:
    """True for what cannot chat; where the server says nothing of it, its name does."""
    if info.embeddings is not None:
        return info.embeddings
    return "embed" in info.reference.model.lower()
