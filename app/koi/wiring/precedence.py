"""What the next request to a provider uses: a key that koi keeps may stand behind another one."""

from __future__ import annotations

import asyncio

import msgspec

from koi.catalogue.registry import Registered, Registry
from koi.core.errors import CredentialMissing, KoiError, ProviderError
from koi.credentials.discovery import find_credentials
from koi.credentials.findings import (
    CONFIGURATION,
    ENVIRONMENT,
    KEY_FILE,
    KOI_LOGIN,
    OS_KEYRING,
    Finding,
)
from koi.credentials.targets import target_of
from koi.files.home import short_path


class Above(msgspec.Struct, frozen=True):
    """What comes before a key that koi keeps for a provider."""

    words: str
    """OPENAI_API_KEY of the environment comes before a key that koi keeps"""
    way_out: str
    """How the kept key is the one that is used."""
    blocks: bool = False
    """True when nothing can be used as long as it is there."""


class NextRequest(msgspec.Struct, frozen=True):
    """What is true once a key is kept."""

    usable: bool
    words: str = ""
    """Why the kept key is not the one that is used, and what to do; "" when it is."""


def above_kept_key(name: str, registry: Registry) -> Above | None:
    """What wins over a key that koi keeps, None for nothing. May take 3 s. Raises UsageError."""
    provider = registry.get(name)
    table = f"[providers.{provider.table_name or provider.name}]"
    file = short_path(registry.config.paths.config_file)
    if provider.table.auth == "none":
        return Above(
            f'{table} says auth = "none", so no key is sent',
            f"To use one: remove that line from {file}",
        )
    discovery = find_credentials(provider, registry)
    for found in discovery.of(provider.name):
        if found.source in (OS_KEYRING, KEY_FILE):
            continue
        if found.source == CONFIGURATION:
            counts = discovery.usable(provider.name) or found
            return _of_configuration(provider, counts, f"{table} of {file}")
        if found.state == "usable":
            return _of_others(provider, found)
    return None


async def next_request(name: str, registry: Registry) -> NextRequest:
    """Whether the next request can work, now that a key is kept; the vendor may be asked.

    `registry` is read anew.
    """
    from koi.wiring.model_lists import provider_models

    above = await asyncio.to_thread(above_kept_key, name, registry)
    if above is None:
        return NextRequest(True)
    said = f"{above.words}. {above.way_out}."
    if above.blocks:
        return NextRequest(False, f"{name} cannot be used yet: {said}")
    try:
        await provider_models(name, registry)
    except KoiError as error:
        if is_refusal(error):
            said = f"{above.words}, and it is refused. {above.way_out}."
            return NextRequest(False, f"{name} cannot be used yet: {said}")
    return NextRequest(True, f"The next request does not use the kept key: {said}")


def is_refusal(error: KoiError) -> bool:
    """True when a server said no to the key itself."""
    if isinstance(error, CredentialMissing):
        return True
    return isinstance(error, ProviderError) and (error.kind == "auth" or error.status in (401, 403))


def _of_configuration(provider: Registered, found: Finding, place: str) -> Above:
    table = provider.table
    written = {
        "api_key": table.api_key,
        "api_key_env": table.api_key_env,
        "api_keys": table.api_keys or None,
    }
    fields = [field for field, value in written.items() if value is not None]
    remove = f"remove {' and '.join(fields)} from {place}"
    if found.state == "usable":
        words = f"the configuration names a key that comes first ({found.detail})"
        return Above(words, f"To use the one that koi keeps: {remove}")
    words = f"the configuration names another key, and {found.detail}"
    return Above(words, f"Set that right, or {remove}", blocks=True)


def _of_others(provider: Registered, found: Finding) -> Above:
    if found.source == ENVIRONMENT:
        variable = found.detail.split()[0].rstrip(",:")
        words = f"{variable} of the environment comes before a key that koi keeps"
        return Above(words, f"To use the kept one: unset {variable}")
    if found.source == KOI_LOGIN:
        words = "koi's own login comes before a key that koi keeps"
        return Above(words, f"To use the key: koi disconnect {target_of(provider).name}")
    words = f"the login of {found.source} comes before a key that koi keeps"
    return Above(words, f"To use the key: koi disconnect {found.consent or provider.name}")
