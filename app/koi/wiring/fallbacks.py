"""The models that the configuration lists after one, each as a reference or with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from koi.catalogue.registry import Registry
from koi.config.mistakes import dotted
from koi.config.schema import ROLE_NAMES, FallbackTable, Tables
from koi.core.errors import ConfigurationError, CredentialMissing, KoiError
from koi.core.references import ModelReference
from koi.credentials.aside import finished
from koi.credentials.discovery import known_at_once
from koi.credentials.findings import Discovery
from koi.files.home import short_path
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
    key: str = ""
    """The dotted key of its list."""


class FallbackLists:
    """The lists of one configuration. What an entry means is found out once."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._meant: dict[tuple[str, str], Fallback] = {}
        self._discovery: Discovery | None = None

    def own(self, reference: ModelReference) -> tuple[Fallback, ...]:
        """What `[reliability.model_fallbacks]` lists for a model, in order. Nobody is asked.

        Under its exact reference, else under its bare name.
        """
        table = self._tables.reliability.model_fallbacks
        name = self._exact(reference, table)
        if name is None and reference.model in table:
            name = reference.model
        return () if name is None else self._list(table[name], _own_key(name))

    def of_role(self, role: str) -> tuple[Fallback, ...]:
        """What `[models.fallback]` lists for a role, in order. Nobody is asked."""
        entries: tuple[str, ...] = getattr(self._tables.models.fallback, role, ())
        return self._list(entries, f"models.fallback.{role}")

    def all(self) -> Iterator[tuple[str, Fallback]]:
        """Every entry of every list with the dotted key of its list."""
        for name, entries in self._tables.reliability.model_fallbacks.items():
            key = _own_key(name)
            yield from ((key, fallback) for fallback in self._list(entries, key))
        for role in ROLE_NAMES:
            key = f"models.fallback.{role}"
            yield from ((key, fallback) for fallback in self.of_role(role))

    async def prepare(self) -> None:
        """Find out what all entries mean, in a thread; local servers are asked for their models.

        One that does not answer within a second is left as it is.
        """
        if self._tables.models.fallback == FallbackTable() and not (
            self._tables.reliability.model_fallbacks
        ):
            return
        for key, fallback in await finished("fallbacks", lambda: list(self.all())):
            if isinstance(fallback.error, CredentialMissing):
                await self.ask(key, fallback.written)

    async def ask(self, key: str, written: str) -> None:
        """Ask a local server what its bare name means: its best model. Never raises KoiError."""
        try:
            reference, _ = await meant_model(written, self.registry)
        except KoiError:
            return  # it is passed over with the reason that is known
        if reference is not None:
            self._meant[key, written] = Fallback(written, reference, key=key)

    def _list(self, entries: tuple[str, ...], key: str) -> tuple[Fallback, ...]:
        return tuple(self._fallback(written, key) for written in entries)

    def _fallback(self, written: str, key: str) -> Fallback:
        if (key, written) not in self._meant:
            self._meant[key, written] = self._resolved(written, key)
        return self._meant[key, written]

    def _resolved(self, written: str, key: str) -> Fallback:
        registry = self.registry
        try:
            text = registry.config.text(written, key)
            bare = "/" not in text and registry.find(text) is None
            if bare and self._discovery is None:
                self._discovery = known_at_once(registry)
            return Fallback(written, model_at_once(text, registry, self._discovery), key=key)
        except CredentialMissing as error:
            found = registry.find(text)
            provider = UNKNOWN if found is None else found.name
            return Fallback(written, ModelReference(provider, "(its best)"), error, key)
        except KoiError as error:
            where = short_path(Path(registry.config.where(key)))
            wrong = ConfigurationError(f"'{written}': {error.title}", where=where, hint=error.hint)
            provider, slash, model = written.partition("/")
            if not (provider and slash and model):
                provider, model = UNKNOWN, written
            return Fallback(written, ModelReference(provider, model), wrong, key)

    def _exact(self, reference: ModelReference, table: Mapping[str, tuple[str, ...]]) -> str | None:
        """The name in the table that is this reference; its provider may be written as an alias."""
        if str(reference) in table:
            return str(reference)
        for name in table:
            prefix, slash, model = name.partition("/")
            if slash and model == reference.model:
                found = self.registry.find(prefix)
                if found is not None and found.name == reference.provider:
                    return name
        return None

    @property
    def _tables(self) -> Tables:
        return self.registry.config.tables


def _own_key(name: str) -> str:
    return dotted(("reliability", "model_fallbacks", name))
