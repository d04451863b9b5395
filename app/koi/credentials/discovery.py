"""Runs all sources of credentials side by side; one that fails does not hide the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from koi.catalogue.registry import Registered, Registry
from koi.core.errors import ConfigurationError, KoiError
from koi.credentials.aws import aws_keys
from koi.credentials.findings import LOCAL_PROBE, Discovery, Finding, ranked
from koi.credentials.keys import configured_keys, environment_keys
from koi.credentials.ollama import ollama_url, probe, strip_path

Look: TypeAlias = Callable[[], Awaitable[tuple[Finding, ...]]]
PROBE_TIMEOUT_S = 1.0


async def discover(registry: Registry) -> Discovery:
    """Every credential that is there. Takes at most the time of the local probe (1 s).

    The order of the list is the order of precedence; more sources go between the two groups.
    """
    sources: tuple[tuple[str, Look], ...] = (
        ("keys", _keys_of(configured_keys, registry)),
        ("keys", _keys_of(environment_keys, registry)),
        ("keys", _keys_of(aws_keys, registry)),
        ("ollama", lambda: _probe_ollama(registry)),
    )
    notes: list[str] = []
    groups = await asyncio.gather(*(_isolated(name, source, notes) for name, source in sources))
    return ranked(tuple(groups), tuple(notes))


def usable_providers(registry: Registry, discovery: Discovery) -> list[Registered]:
    """Providers that are switched on and have something usable, or need no key."""
    return [
        provider
        for provider in registry.all
        if provider.enabled
        and (provider.wants_no_key or discovery.usable(provider.name) is not None)
    ]


def ollama_base(provider: Registered, registry: Registry) -> str:
    """Where an Ollama is: the configuration, else its variable (OLLAMA_HOST), else this machine.

    Raises ConfigurationError when the configured address needs a variable that is not set.
    """
    config = registry.config
    if provider.table.base_url is not None:
        return strip_path(config.text(provider.table.base_url, provider.key("base_url")))
    return ollama_url(config.environment.get(provider.row.company.base_url_env or "", ""))


def _keys_of(find: Callable[[Registry], tuple[Finding, ...]], registry: Registry) -> Look:
    async def source() -> tuple[Finding, ...]:
        return find(registry)

    return source


async def _probe_ollama(registry: Registry) -> tuple[Finding, ...]:
    provider = registry.find("ollama")
    if provider is None or not provider.enabled:
        return ()
    try:
        base_url = ollama_base(provider, registry)
    except ConfigurationError as error:
        return (Finding(provider.name, LOCAL_PROBE, "unreadable", detail=error.title),)
    return (await probe(provider.name, base_url, timeout_s=PROBE_TIMEOUT_S),)


async def _isolated(name: str, source: Look, notes: list[str]) -> tuple[Finding, ...]:
    try:
        return await source()
    except (KoiError, OSError, ValueError) as error:
        notes.append(f"{name}: {error}")
        return ()
