"""Runs all sources of credentials side by side; one that fails does not hide the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from koi.catalogue.registry import Registered, Registry
from koi.config.config import Config
from koi.credentials.aside import finished, start
from koi.credentials.findings import CONFIGURATION, Discovery, Finding, ranked
from koi.credentials.sources import (
    claude,
    codex,
    configuration,
    environment,
    keychain,
    local,
    qwen,
    saved,
)
from koi.credentials.sources.search import Search
from koi.credentials.stores.keyring_store import LIMIT_S
from koi.credentials.stores.unsaved import unsaved

BUDGET_S = 1.0
"""Seconds for all sources together."""
THOROUGH_S = LIMIT_S + BUDGET_S
"""The same when the OS keyring is asked for everything."""
Look: TypeAlias = Callable[[Search], tuple[Finding, ...]]


@dataclass(frozen=True, slots=True)
class Source:
    """One place to look; `slow` ones are not asked for a provider that has something above."""

    name: str
    find: Look
    slow: bool = False


def _own_logins(search: Search) -> tuple[Finding, ...]:
    """Findings of koi's own logins. Their code is not even loaded where there are none."""
    if not search.config.paths.auth_file.exists():
        search.notes.extend(lost_logins(search.config))
        if not unsaved.version:
            return ()
    from koi.credentials.sources import oauth_store

    return oauth_store.find(search)


SOURCES = (
    Source("configuration", configuration.find),
    Source("environment", environment.find),
    Source("koi's logins", _own_logins),
    Source("Claude Code", claude.find),
    Source("macOS Keychain", keychain.find, slow=True),
    Source("Codex CLI", codex.find),
    Source("Codex CLI's keyring", codex.find_in_keyring, slow=True),
    Source("Qwen Code", qwen.find),
    Source("OS keyring", saved.find_in_keyring, slow=True),
    Source("key files", saved.find_in_files),
)
"""In the order of precedence; the local probe comes after them."""
LOCAL = Source("Ollama", local.find_ollama)


async def discover(
    registry: Registry,
    *,
    thorough: bool = False,
    sources: tuple[Source, ...] = (*SOURCES, LOCAL),
) -> Discovery:
    """Every credential that is there, within a second; nothing is fetched that can wait.

    `thorough` also asks the OS keyring, for keys too that were put there by hand: up to 4 s.
    A source that is not done by then is noted, and left to itself in its thread.
    """
    providers = tuple(provider for provider in registry.all if provider.enabled)
    search = Search(providers, registry.config, "everything" if thorough else "names")
    futures = [_start(source, search) for source in sources]
    waiting = [asyncio.wrap_future(future) for future in futures]
    budget = THOROUGH_S if thorough else BUDGET_S
    _, late = await asyncio.wait(waiting, timeout=budget)
    for each in late:
        each.cancel()
    groups: list[tuple[Finding, ...]] = []
    notes = list(search.notes)
    for source, future in zip(sources, waiting, strict=True):
        if future in late:
            notes.append(f"{source.name}: did not answer within {budget:g} s")
        elif (error := future.exception()) is not None:
            notes.append(_note(source, error))
        else:
            groups.append(future.result())
    return ranked(tuple(groups), tuple(notes))


def lost_logins(config: Config) -> tuple[str, ...]:
    """Says that a damaged file of logins was set aside, until there is a good one again."""
    if config.paths.auth_file.exists():
        return ()
    damaged = damaged_logins(config)[-1:]
    return tuple(f"{each} is a damaged file of logins: connect again" for each in damaged)


def damaged_logins(config: Config) -> tuple[Path, ...]:
    """The files of logins that were set aside, the latest last."""
    path = config.paths.auth_file
    return tuple(sorted(path.parent.glob(f"{path.name}.bad-*")))


def known_at_once(registry: Registry) -> Discovery:
    """What the configuration and the environment say. Nothing is read but memory."""
    providers = tuple(provider for provider in registry.all if provider.enabled)
    search = Search(providers, registry.config)
    return ranked((configuration.find(search), environment.find(search)))


def find_credentials(provider: Registered, registry: Registry) -> Discovery:
    """The credentials of one provider, with the key of the one that is used.

    The OS keyring is asked when koi put a key there, and nothing above can be used; and as the
    last resort, for a key that was put there by hand. That may take 3 s the first time, which
    `look_ahead` spends elsewhere.
    """
    looked_for = (provider,) if provider.enabled else ()
    search = Search(looked_for, registry.config, "keys")
    groups: list[tuple[Finding, ...]] = []
    notes: list[str] = []
    settled = False
    for source in SOURCES:
        if source.slow and settled:
            continue
        try:
            found = source.find(search)
        except Exception as error:  # noqa: BLE001 - one source never hides the others
            notes.append(_note(source, error))
            continue
        groups.append(found)
        settled = settled or any(
            each.provider == provider.name
            and (each.state == "usable" or each.source == CONFIGURATION)
            for each in found
        )
    if not settled and not provider.row.company.key_optional:
        deeper = Search(looked_for, registry.config, "everything")
        groups.append(
            tuple(each for each in saved.find_in_keyring(deeper) if each.state == "usable")
        )
    return ranked(tuple(groups), (*search.notes, *notes))


async def look_ahead(providers: Sequence[Registered], registry: Registry) -> None:
    """Have the OS keyring asked for the keys of some providers before the event loop needs them."""

    def look() -> None:
        for provider in providers:
            find_credentials(provider, registry)

    await finished("look ahead", look)


async def look_closer(discovery: Discovery, provider: Registered, registry: Registry) -> Discovery:
    """The same, with what is really there for one provider: the OS keyring is asked for its key."""
    found = await finished("look closer", lambda: find_credentials(provider, registry))
    of_all = {**discovery.findings, provider.name: found.of(provider.name)}
    return Discovery(of_all, tuple(dict.fromkeys((*discovery.notes, *found.notes))))


def usable_providers(registry: Registry, discovery: Discovery) -> list[Registered]:
    """Providers that are switched on and have something usable, or need no key."""
    return [
        provider
        for provider in registry.all
        if provider.enabled
        and (provider.wants_no_key or discovery.usable(provider.name) is not None)
    ]


def _start(source: Source, search: Search) -> Future[tuple[Finding, ...]]:
    return start(source.name, lambda: source.find(search))


def _note(source: Source, error: BaseException) -> str:
    """Which source failed, and how: an error's own text may hold what it tripped over."""
    title = getattr(error, "title", "")
    return f"{source.name}: {title or type(error).__name__}"
