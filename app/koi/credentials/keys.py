"""Keys from the configuration and from environment variables. Nothing is read but memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from koi.catalogue.catalogue import load_catalogue
from koi.catalogue.registry import Registered, Registry
from koi.config.config import Config
from koi.core.errors import ConfigurationError
from koi.core.secret import Secret
from koi.credentials.findings import (
    CONFIGURATION,
    ENVIRONMENT,
    Discovery,
    Finding,
    Source,
    State,
    ranked,
)


def keys_of(provider: Registered, config: Config) -> Discovery:
    """Keys of one provider, from the configuration and the environment."""
    return ranked(
        (tuple(_configured(provider, config)), tuple(_from_environment(provider, config)))
    )


def configured_keys(registry: Registry) -> tuple[Finding, ...]:
    """What `[providers.*]` says of keys. A variable that is not set makes it unreadable."""
    return tuple(
        finding
        for provider in registry.all
        if provider.enabled
        for finding in _configured(provider, registry.config)
    )


def environment_keys(registry: Registry) -> tuple[Finding, ...]:
    """Keys in the variables of every provider; those that need a yes are listed as such."""
    return tuple(
        finding
        for provider in registry.all
        if provider.enabled
        for finding in _from_environment(provider, registry.config)
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
        value = _value(config.environment, variable)
        detail = f"{variable}, named by {provider.key('api_key_env')}"
        if not value:
            detail = f"the environment variable {variable} is not set"
            yield Finding(provider.name, CONFIGURATION, "unreadable", detail=detail)
            return
        yield _judged(provider, CONFIGURATION, value, detail)
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
        yield _judged(provider, CONFIGURATION, value, key)
    else:
        yield Finding(provider.name, CONFIGURATION, "unreadable", detail=f"{key} is empty")


def _from_environment(provider: Registered, config: Config) -> Iterator[Finding]:
    if provider.table.auth == "none":
        return
    company = provider.row.company
    for variable in company.api_key_env:
        if value := _value(config.environment, variable):
            yield _judged(provider, ENVIRONMENT, value, variable)
    for variable, reason in company.consent_env.items():
        if value := _value(config.environment, variable):
            label = Secret(value).label
            detail = f"{variable}: {reason}"
            yield Finding(provider.name, ENVIRONMENT, "needs_yes", label, detail)


def _judged(provider: Registered, source: Source, value: str, detail: str) -> Finding:
    secret = Secret(value)
    state: State = "usable"
    if not all("!" <= character <= "~" for character in value):
        state = "unreadable"
        detail = f"{detail} holds characters that cannot be part of a key"
    elif (token := provider.row.company.token_prefix) and value.startswith(token):
        state = "needs_yes"
        detail = f"{detail} is a subscription token, not an API key"
    elif (vendor := _other_vendor(provider, value)) is not None:
        state = "unreadable"
        detail = f"{detail} looks like a key of {vendor}"
    kept = secret if state == "usable" else None
    return Finding(provider.name, source, state, secret.label, detail, secret=kept)


def _other_vendor(provider: Registered, value: str) -> str | None:
    """The vendor whose key this is, when it would be sent to somebody else's own endpoint."""
    row = provider.row
    elsewhere = provider.table.base_url is not None or row.company.key_optional
    owner = None if elsewhere else load_catalogue().owner_of(value)
    return None if owner == provider.name else owner


def _value(environment: Mapping[str, str], variable: str) -> str:
    return environment.get(variable, "").strip()
