"""Keys that `[providers.*]` names. Nothing is read but memory."""

from __future__ import annotations

from collections.abc import Iterator

from koi.catalogue.registry import Registered
from koi.config.config import Config
from koi.core.errors import ConfigurationError
from koi.credentials.findings import CONFIGURATION, Finding
from koi.credentials.sources.judged import judged
from koi.credentials.sources.search import Search


def find(search: Search) -> tuple[Finding, ...]:
    """What `[providers.*]` says of keys. A variable that is not set makes it unreadable."""
    return tuple(
        finding for provider in search.providers for finding in _configured(provider, search.config)
    )


def _configured(provider: Registered, config: Config) -> Iterator[Finding]:
    table = provider.table
    if table.auth == "none":
        return
    if table.api_key is not None:
        field, written = "api_key", table.api_key
    elif table.api_keys:
        field, written = "api_keys", table.api_keys[0]
    elif table.api_key_env is not None:
        variable = table.api_key_env
        value = config.environment.get(variable, "").strip()
        detail = f"{variable}, named by {provider.key('api_key_env')}"
        if not value:
            detail = f"the environment variable {variable} is not set"
            yield Finding(provider.name, CONFIGURATION, "unreadable", detail=detail)
            return
        yield judged(provider, CONFIGURATION, value, detail, config)
        return
    else:
        return
    key = provider.key(field)
    try:
        value = config.text(written, key).strip()
    except ConfigurationError as error:
        yield Finding(provider.name, CONFIGURATION, "unreadable", detail=error.title)
        return
    if value:
        yield judged(provider, CONFIGURATION, value, key, config)
    else:
        yield Finding(provider.name, CONFIGURATION, "unreadable", detail=f"{key} is empty")
