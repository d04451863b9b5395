"""A key is tried before it is kept."""

from __future__ import annotations

from collections import ChainMap

import msgspec

from koi.catalogue.catalogue import URL_FORMS
from koi.catalogue.registry import Registry
from koi.core.errors import KoiError
from koi.core.secret import Secret
from koi.credentials.key_check import KeyCheck
from koi.wiring.model_lists import provider_models
from koi.wiring.precedence import is_refusal

_TRIED = "KOI_KEY_THAT_IS_TRIED"


async def check_key(name: str, key: Secret, registry: Registry) -> KeyCheck:
    """Ask the vendor for its models with this key. Nothing is billed. Never raises KoiError."""
    try:
        models = await provider_models(name, with_key(name, key, registry))
    except KoiError as error:
        if is_refusal(error):
            return KeyCheck("refused", detail=f"{error.title}{_other_regions(name, registry)}")
        return KeyCheck("unreachable", detail=f"{error.title}. {error.hint}".strip())
    if await _is_public(name, registry):
        return KeyCheck("unproven", models, "its list of models is public")
    return KeyCheck("works", models)


def keep_key(name: str, key: Secret, registry: Registry) -> str:
    """Save the key of a provider; says where it is kept now. May take three seconds.

    Whether it is the key that is used, `precedence.next_request` knows. Raises StorageError.
    """
    from koi.credentials.stores.saved_keys import save_key

    place = save_key(registry.config.paths, name, key)
    return f"The key {key.label} is kept {place.words}."


def with_key(name: str, key: Secret, registry: Registry) -> Registry:
    """The same providers, but this one has this key: in memory, for nobody else to see."""
    changed = _changed(name, registry, api_key_env=_TRIED)
    environment = ChainMap({_TRIED: key.reveal()}, dict(registry.config.environment))
    config = msgspec.structs.replace(changed.config, environment=environment)
    return Registry(config, registry.catalogue)


async def _is_public(name: str, registry: Registry) -> bool:
    """True when the list is given to anybody, so that it says nothing about a key."""
    if registry.get(name).row.company.key_optional:
        return False
    try:
        await provider_models(name, _changed(name, registry, auth="none"))
    except KoiError:
        return False
    return True


def _other_regions(name: str, registry: Registry) -> str:
    """Where a key that is refused here may be at home."""
    siblings = registry.get(name).row.company.siblings
    return f". Keys belong to one region; others: {', '.join(siblings)}" if siblings else ""


def _changed(name: str, registry: Registry, **fields: str) -> Registry:
    provider = registry.get(name)
    if provider.table.base_url is None and name.startswith(tuple(URL_FORMS)):
        fields |= {"base_url": provider.row.company.base_url, "protocol": provider.protocol}
    table = msgspec.structs.replace(provider.table, api_key=None, api_keys=(), **fields)
    tables = registry.config.tables
    providers = {**tables.providers, provider.table_name or provider.name: table}
    tables = msgspec.structs.replace(tables, providers=providers)
    return Registry(msgspec.structs.replace(registry.config, tables=tables), registry.catalogue)
