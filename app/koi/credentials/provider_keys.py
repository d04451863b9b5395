"""The keys that requests to a provider may go with, and what to do when there is none."""

from __future__ import annotations

import hashlib

from koi.catalogue.catalogue import URL_FORMS
from koi.catalogue.registry import Registered, Registry
from koi.config.schema import RouteTable
from koi.core.errors import ConfigurationError, CredentialMissing, UsageError
from koi.credentials.discovery import find_credentials
from koi.credentials.findings import CONFIGURATION, Discovery, Finding, state_words
from koi.credentials.sources.configuration import named_variable, written_key
from koi.files.home import short_path


def provider_keys(name: str, registry: Registry) -> tuple[Finding, ...]:
    """What requests to the provider `name` may go with, in the order in which it is used.

    Several only for keys that the configuration names; empty for a provider without a credential,
    which may need none. The OS keyring may be asked, which takes up to 3 s once. Raises UsageError
    (unknown, switched off), ConfigurationError (it names keys, and none can be used).
    """
    provider = registry.get(name)
    check_enabled(provider, registry)
    discovery = find_credentials(provider, registry)
    check_configured(discovery, provider, registry)
    return discovery.usable_keys(provider.name)


def route_key(route: RouteTable, registry: Registry) -> Finding | None:
    """The key that a `[[model_routes]]` entry has for itself; None when it has none.

    It is judged as one of the route's provider, and goes nowhere else. Raises UsageError for an
    unknown provider, ConfigurationError when it cannot be used: no other takes its place.
    """
    provider, config = registry.get(route.provider), registry.config
    whose = f"of the route '{route.hint}'"
    if route.api_key is not None:
        shown = f"the api_key {whose}"
        found = written_key(provider, route.api_key, "model_routes", config, shown=shown)
    elif route.api_key_env is not None:
        found = named_variable(provider, route.api_key_env, f"the api_key_env {whose}", config)
    else:
        return None
    if found.state == "usable":
        return found
    raise ConfigurationError(
        f"the key {whose} cannot be used: {found.detail}",
        hint=f"It stands in {config.where('model_routes')}.",
    )


def key_id(host: str, found: Finding | None) -> str:
    """Tells keys of a host apart in files and between processes, and is none; "" without one."""
    if found is None:
        return ""
    value = found.source if found.secret is None else found.secret.reveal()
    return hashlib.blake2b(
        f"{host}\0{value}".encode(), digest_size=8, person=b"koi key"
    ).hexdigest()


def check_enabled(provider: Registered, registry: Registry) -> None:
    """Raises UsageError for a provider that the configuration switched off."""
    if not provider.enabled:
        field = provider.key("enabled")
        raise UsageError(
            f"{provider.name} is switched off",
            hint=f"{registry.config.origin(field)}: {field} is false.",
        )


def check_configured(discovery: Discovery, provider: Registered, registry: Registry) -> None:
    """Raises ConfigurationError when keys are configured and none can be used: no other kind of
    credential takes over.
    """
    configured = [each for each in discovery.of(provider.name) if each.source == CONFIGURATION]
    if not configured or any(found.state == "usable" for found in configured):
        return
    advice = _blocked_advice(provider, registry)
    if any(found.consent is not None for found in configured):
        advice = f"koi connect {provider.name} says more. {advice}"
    one, *others = [found.detail for found in configured]
    whose = f"the key of {provider.name}" if not others else f"no key of {provider.name}"
    can = "cannot be used" if not others else "can be used"
    raise ConfigurationError(f"{whose} {can}: {'; '.join((one, *others))}", hint=advice)


def key_advice(provider: Registered, registry: Registry) -> str:
    """How to give a key to an endpoint that has none: the variable, or the key and its file."""
    file = short_path(registry.config.paths.config_file)
    if provider.name.startswith(tuple(URL_FORMS)):
        return (
            f"Give this address a table [providers.NAME] with base_url and api_key_env in {file}."
        )
    table = f"[providers.{provider.table_name or provider.name}] of {file}"
    if provider.table.auth == "none":
        return f'Remove auth = "none" from {table}, and set api_key_env there.'
    variables = " or ".join(provider.row.company.api_key_env)
    ways = f"Set {variables} in the environment, or" if variables else "Set"
    return f"{ways} api_key_env in {table}."


def missing_key(
    provider: Registered, registry: Registry, findings: tuple[Finding, ...]
) -> CredentialMissing:
    """The error for a provider without a usable key: which variables it reads, and what to do."""
    company = provider.row.company
    hint = key_advice(provider, registry)
    if not provider.name.startswith(tuple(URL_FORMS)):
        hint += f" Or: koi connect {provider.name}."
    for found in findings:
        hint += f" Not used: {found.detail} ({state_words(found)})."
    return CredentialMissing(f"no key for {company.display_name} ({provider.name})", hint=hint)


def _blocked_advice(provider: Registered, registry: Registry) -> str:
    """What to do about a configured key that cannot be used."""
    table = provider.table
    if table.api_key is None:
        return ""
    place = registry.config.origin(provider.key("api_key"))
    if table.api_key.strip():
        return f"It is named in {place}."
    without = ' A server that needs no key: remove the line, or auth = "none".'
    return (
        f'Write api_key = "${{VARIABLE}}" in {place}, VARIABLE being where the key is.'
        f"{without if provider.row.company.key_optional else ''}"
    )
