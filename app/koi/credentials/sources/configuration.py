"""Keys that `[providers.*]` names, all of them. Nothing is read but memory."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from koi.catalogue.registry import Registered
from koi.config.config import Config
from koi.core.errors import ConfigurationError
from koi.credentials.findings import CONFIGURATION, Finding
from koi.credentials.sources.judged import judged
from koi.credentials.sources.search import Search


def find(search: Search) -> tuple[Finding, ...]:
    """What `[providers.*]` says of keys, in the order in which they are used.

    First `api_key` (else `api_key_env`), then `api_keys`. Each is judged by itself: one that
    cannot be used is told of and does not keep the others from being used.
    """
    return tuple(
        finding for provider in search.providers for finding in _configured(provider, search.config)
    )


def written_key(
    provider: Registered, written: str, key: str, config: Config, *, shown: str = ""
) -> Finding:
    """The finding for a value that stands in the configuration under the dotted `key`.

    A variable that is not set makes it unreadable. `shown` is how it is named, else by its key.
    """
    name = shown or key
    try:
        value = config.text(written, key).strip()
    except ConfigurationError as error:
        fault = error.title.removeprefix(f"{error.where}: ")
        detail = f"{shown}: {fault}" if shown else error.title
        return Finding(provider.name, CONFIGURATION, "unreadable", detail=detail)
    if value:
        return judged(provider, CONFIGURATION, value, name, config)
    return Finding(provider.name, CONFIGURATION, "unreadable", detail=f"{name} is empty")


def named_variable(provider: Registered, variable: str, key: str, config: Config) -> Finding:
    """The finding for the key in a `variable` that the configuration names under `key`."""
    value = config.environment.get(variable, "").strip()
    if value:
        detail = f"{variable}, named by {key}"
        return judged(provider, CONFIGURATION, value, detail, config)
    detail = f"the environment variable {variable} is not set"
    return Finding(provider.name, CONFIGURATION, "unreadable", detail=detail)


def _configured(provider: Registered, config: Config) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for found in _all(provider, config):
        value = "" if found.secret is None else found.secret.reveal()
        if value and value in seen:
            detail = f"{found.detail} is the same key as {seen[value]}"
            yield msgspec.structs.replace(found, state="shadowed", detail=detail, secret=None)
            continue
        seen[value] = found.detail
        yield found


def _all(provider: Registered, config: Config) -> Iterator[Finding]:
    table = provider.table
    if table.auth == "none":
        return
    if table.api_key is not None:
        yield written_key(provider, table.api_key, provider.key("api_key"), config)
    elif table.api_key_env is not None:
        field = provider.key("api_key_env")
        yield named_variable(provider, table.api_key_env, field, config)
    several = provider.key("api_keys")
    for index, written in enumerate(table.api_keys):
        yield written_key(provider, written, several, config, shown=f"{several}[{index}]")
