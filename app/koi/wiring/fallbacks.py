"""The models that the configuration lists after one, each as a reference or with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from koi.catalogue.registry import Registry
from koi.core.errors import ConfigurationError, CredentialMissing, KoiError
from koi.core.references import ModelReference
from koi.wiring.named_models import meant_model, model_at_once

UNKNOWN = "unknown"
"""Stands for a provider that a text does not tell."""


class Fallback(msgspec.Struct, frozen=True):
    """One entry of a list of fallbacks."""

    written: str
    reference: ModelReference
    """What it means, or the nearest to it when nothing can be said."""
    error: KoiError | None = None
    """Why it cannot be asked. CredentialMissing: a server must say first which models it has."""


def own_fallbacks(reference: ModelReference, registry: Registry) -> tuple[Fallback, ...]:
    """What `[reliability.model_fallbacks]` lists for a model, in order. Nobody is asked."""
    return tuple(_resolved(*each, registry) for each in _own(reference, registry))


def role_fallbacks(role: str, registry: Registry) -> tuple[Fallback, ...]:
    """What `[models.fallback]` lists for a role, in order. Nobody is asked."""
    return tuple(_resolved(*each, registry) for each in _of_role(role, registry))


def listed_fallbacks(registry: Registry) -> Iterator[tuple[str, Fallback]]:
    """Every entry of every list with the dotted key of its list, for the check."""
    for name in registry.config.tables.reliability.model_fallbacks:
        key = _own_key(name)
        for text, where in _entries(registry.config.tables.reliability.model_fallbacks[name], key):
            yield key, _resolved(text, where, registry)
    for role in registry.config.tables.models.fallback.__struct_fields__:
        for text, where in _of_role(role, registry):
            yield where, _resolved(text, where, registry)


async def local_fallbacks(registry: Registry) -> dict[str, ModelReference]:
    """What the bare name of a local server means that is listed as a fallback: its best model.

    Nobody is asked unless one is listed. What does not answer in a second is left out.
    """
    waiting = {
        fallback.written
        for _, fallback in listed_fallbacks(registry)
        if isinstance(fallback.error, CredentialMissing)
    }
    found: dict[str, ModelReference] = {}
    for text in sorted(waiting):
        try:
            reference, _ = await meant_model(text, registry)
        except KoiError:
            continue  # it is passed over with this reason
        if reference is not None:
            found[text] = reference
    return found


def _own(reference: ModelReference, registry: Registry) -> tuple[tuple[str, str], ...]:
    """The list under the model's exact reference, else under its bare name."""
    table = registry.config.tables.reliability.model_fallbacks
    name = _exact(reference, table, registry)
    if name is None and reference.model in table:
        name = reference.model
    return () if name is None else _entries(table[name], _own_key(name))


def _exact(
    reference: ModelReference, table: Mapping[str, tuple[str, ...]], registry: Registry
) -> str | None:
    """The name in the table that is this reference; its provider may be written as an alias."""
    if str(reference) in table:
        return str(reference)
    for name in table:
        prefix, slash, model = name.partition("/")
        if slash and model == reference.model:
            found = registry.find(prefix)
            if found is not None and found.name == reference.provider:
                return name
    return None


def _of_role(role: str, registry: Registry) -> tuple[tuple[str, str], ...]:
    entries: tuple[str, ...] = getattr(registry.config.tables.models.fallback, role, ())
    return _entries(entries, f"models.fallback.{role}")


def _own_key(name: str) -> str:
    from koi.config.mistakes import dotted

    return dotted(("reliability", "model_fallbacks", name))


def _entries(texts: tuple[str, ...], key: str) -> tuple[tuple[str, str], ...]:
    return tuple((text, key) for text in texts)


def _resolved(written: str, key: str, registry: Registry) -> Fallback:
    try:
        text = registry.config.text(written, key)
        return Fallback(written, model_at_once(text, registry))
    except CredentialMissing as error:
        found = registry.find(text)
        provider = UNKNOWN if found is None else found.name
        return Fallback(text, ModelReference(provider, "(its best)"), error)
    except KoiError as error:
        where = registry.config.where(key)
        wrong = ConfigurationError(f"'{written}': {error.title}", where=where, hint=error.hint)
        provider, slash, model = written.partition("/")
        if not (provider and slash and model):
            provider, model = UNKNOWN, written
        return Fallback(written, ModelReference(provider, model), wrong)
