"""What connecting needs of several parts: a key is tried, a server is asked for its models."""

from __future__ import annotations

import asyncio
import re
from collections import ChainMap
from urllib.parse import urlsplit

import msgspec

from koi.catalogue.catalogue import URL_FORMS, checked_url
from koi.catalogue.registry import Registered, Registry
from koi.core.errors import KoiError, ProviderError, UsageError
from koi.core.seams import ModelInfo
from koi.core.secret import Secret
from koi.credentials.key_check import KeyCheck
from koi.credentials.ollama import SUGGESTION, best_model
from koi.credentials.targets import as_address
from koi.net.policy import is_loopback
from koi.wiring.precedence import is_refusal
from koi.wiring.providers import open_provider

PATIENCE_S = 15.0
"""Seconds for a list of models while somebody waits for it."""
_TRIED = "KOI_KEY_THAT_IS_TRIED"


OLLAMA_ADVICE = "Install and start it: https://ollama.com. Then look again."


class LocalServer(msgspec.Struct, frozen=True):
    """A server on this machine, as it is now."""

    provider: str
    title: str
    runs: bool
    place: str = ""
    models: tuple[str, ...] = ()
    detail: str = ""
    """Why it counts as not running."""
    advice: str = ""
    """What to do, when something is missing."""


async def check_key(name: str, key: Secret, registry: Registry) -> KeyCheck:
    """Ask the vendor for its models with this key. Nothing is billed. Never raises KoiError."""
    try:
        models = await _list(name, _with_key(name, key, registry))
    except KoiError as error:
        if is_refusal(error):
            return KeyCheck("refused", detail=f"{error.title}{_other_regions(name, registry)}")
        return KeyCheck("unreachable", detail=f"{error.title}. {error.hint}".strip())
    if await _is_public(name, registry):
        return KeyCheck("unproven", models, "its list of models is public")
    return KeyCheck("works", models)


async def provider_models(name: str, registry: Registry) -> tuple[str, ...]:
    """The models of a provider as it is connected now. Raises KoiError."""
    return await _list(name, registry)


async def endpoint_models(url: str, key: Secret | None, registry: Registry) -> tuple[str, ...]:
    """The models of an OpenAI-compatible endpoint. Raises UsageError for no URL, KoiError."""
    name = f"custom:{url}"
    registry.get(name)
    return await _list(name, registry if key is None else _with_key(name, key, registry))


async def local_server(name: str, registry: Registry) -> LocalServer:
    """Whether a server on this machine runs, and what it has. Never raises KoiError."""
    from koi.credentials.base_urls import base_url_of

    provider = registry.get(name)
    ollama = provider.row.protocol == "ollama"
    advice = OLLAMA_ADVICE if ollama else "Start it with a model, then look again."
    title = provider.row.company.display_name
    try:
        place = base_url_of(provider, provider.protocol, registry)
        models = await _list(name, registry)
    except KoiError as error:
        said = f"{error.title}. {error.hint}"
        return LocalServer(name, title, False, detail=said, advice=advice)
    advice = "" if models else f"It has no model yet. In another terminal: {SUGGESTION}"
    return LocalServer(name, title, True, place, models, advice=advice)


async def other_servers(registry: Registry) -> tuple[LocalServer, ...]:
    """The other servers of models that answer on their usual ports: LM Studio, vLLM, llama.cpp."""
    from koi.credentials.sources.local import probe_local

    found = (each for each in await probe_local(registry) if each.provider != "ollama")
    return tuple(
        LocalServer(
            each.provider,
            registry.get(each.provider).row.company.display_name,
            True,
            each.detail,
            each.models,
        )
        for each in found
        if each.state == "usable"
    )


def remember_server(server: LocalServer, registry: Registry) -> None:
    """Write down where a server is that koi does not look for by itself.

    Raises ConfigurationError, StorageError.
    """
    from koi.config.edit import set_values

    provider = registry.get(server.provider)
    if provider.table_name is None and provider.row.protocol != "ollama":
        set_values(
            registry.config.paths, {("providers", server.provider, "base_url"): server.place}
        )


def keep_key(name: str, key: Secret, registry: Registry) -> str:
    """Save the key of a provider; says where it is kept now. May take three seconds.

    Whether it is the key that is used, `precedence.next_request` knows. Raises StorageError.
    """
    from koi.credentials.stores.saved_keys import save_key

    place = save_key(registry.config.paths, name, key)
    return f"The key {key.label} is kept {place.words}."


def checked_address(typed: str) -> str:
    """An http or https address without a slash at its end. Raises UsageError."""
    url = as_address(typed) or typed.strip()
    for ending in ("/chat/completions", "/models"):
        url = url.rstrip("/").removesuffix(ending)
    checked = checked_url(url)
    if checked is None:
        raise UsageError(
            "this is not an http or https address", hint="Write it like https://llm.example.com/v1"
        )
    return checked


def is_plain(url: str) -> bool:
    """True for an address that would be spoken to unencrypted, beyond this machine."""
    parts = urlsplit(url)
    return parts.scheme != "https" and not is_loopback(parts.hostname or "")


def suggested_name(url: str, registry: Registry) -> str:
    """A name for an endpoint, from its host, that no provider has yet."""
    host = (urlsplit(url).hostname or "").lower()
    host = "local" if is_loopback(host) else host
    words = [word for word in re.split(r"[^a-z0-9]+", host) if word and not word.isdigit()]
    skipped = {"api", "www", "llm", "gateway", "com", "org", "net", "io", "ai", "dev"}
    chosen = next((word for word in words if word not in skipped), "") or (words or ["own"])[0]
    name, number = chosen, 2
    while registry.catalogue.slug(name) is not None or name in registry.configured:
        name, number = f"{chosen}-{number}", number + 1
    return name


def checked_name(name: str, registry: Registry) -> str:
    """A name that a table may have. Raises UsageError when it is taken or cannot be one."""
    name = name.strip()
    if re.fullmatch(r"[A-Za-z0-9_-]+", name) is None:
        raise UsageError(
            "a name has letters, digits, - and _ only", hint="Choose another one, such as work."
        )
    if registry.catalogue.slug(name) is not None or name in registry.configured:
        raise UsageError(f"the name {name} is taken", hint="Choose another one.")
    return name


def save_endpoint(url: str, name: str, model: str, registry: Registry) -> bool:
    """Write `[providers.NAME]`; True when its model is the configured one from now on.

    A `model` that the person has chosen before stays. Raises ConfigurationError, StorageError.
    """
    from koi.config.edit import set_values

    values: dict[tuple[str, ...], object] = {
        ("providers", name, "protocol"): "openai-chat",
        ("providers", name, "base_url"): url,
    }
    if model:
        values["providers", name, "default_model"] = model
    chosen = registry.config.role_model() is None and bool(model)
    if chosen:
        values["model",] = f"{name}/{model}"
    set_values(registry.config.paths, values)
    return chosen


def has_model(models: tuple[str, ...], name: str) -> bool:
    """True when a list has a model, perhaps with a date behind its name; no list has them all."""
    return not models or any(each == name or each.startswith(f"{name}-") for each in models)


def first_model(provider: Registered, models: tuple[str, ...]) -> str | None:
    """The model to begin with, once a provider is connected; None when none is known."""
    default = provider.default_model
    if default is not None and (default in models or not provider.row.company.local):
        return default
    return best_model(models)


async def _list(name: str, registry: Registry) -> tuple[str, ...]:
    provider = open_provider(name, registry)
    try:
        async with asyncio.timeout(PATIENCE_S):
            found: tuple[ModelInfo, ...] = await provider.list_models()
    except TimeoutError as error:
        raise ProviderError(
            f"{name} did not answer within {PATIENCE_S:g} s",
            kind="timeout",
            hint="Try again later.",
            provider=name,
        ) from error
    finally:
        await provider.aclose()
    return tuple(info.reference.model for info in found if not _makes_vectors(info))


def _makes_vectors(info: ModelInfo) -> bool:
    """True for what cannot chat; where the server says nothing of it, its name does."""
    if info.embeddings is not None:
        return info.embeddings
    return "embed" in info.reference.model.lower()


async def _is_public(name: str, registry: Registry) -> bool:
    """True when the list is given to anybody, so that it says nothing about a key."""
    if registry.get(name).row.company.key_optional:
        return False
    try:
        await _list(name, _changed(name, registry, auth="none"))
    except KoiError:
        return False
    return True


def _other_regions(name: str, registry: Registry) -> str:
    """Where a key that is refused here may be at home."""
    siblings = registry.get(name).row.company.siblings
    return f". Keys belong to one region; others: {', '.join(siblings)}" if siblings else ""


def _with_key(name: str, key: Secret, registry: Registry) -> Registry:
    """The same providers, but this one has this key: in memory, for nobody else to see."""
    changed = _changed(name, registry, api_key_env=_TRIED)
    environment = ChainMap({_TRIED: key.reveal()}, dict(registry.config.environment))
    config = msgspec.structs.replace(changed.config, environment=environment)
    return Registry(config, registry.catalogue)


def _changed(name: str, registry: Registry, **fields: str) -> Registry:
    provider = registry.get(name)
    if provider.table.base_url is None and name.startswith(tuple(URL_FORMS)):
        fields |= {"base_url": provider.row.company.base_url, "protocol": provider.protocol}
    table = msgspec.structs.replace(provider.table, api_key=None, api_keys=(), **fields)
    tables = registry.config.tables
    providers = {**tables.providers, provider.table_name or provider.name: table}
    tables = msgspec.structs.replace(tables, providers=providers)
    return Registry(msgspec.structs.replace(registry.config, tables=tables), registry.catalogue)
