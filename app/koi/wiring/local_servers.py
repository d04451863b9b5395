"""Servers of models on this machine: whether they run, what they have, where they are."""

from __future__ import annotations

import msgspec

from koi.catalogue.registry import Registry
from koi.core.errors import KoiError
from koi.credentials.ollama import SUGGESTION
from koi.wiring.model_lists import provider_models

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


async def local_server(name: str, registry: Registry) -> LocalServer:
    """Whether a server on this machine runs, and what it has. Never raises KoiError."""
    from koi.credentials.base_urls import base_url_of

    provider = registry.get(name)
    ollama = provider.row.protocol == "ollama"
    advice = OLLAMA_ADVICE if ollama else "Start it with a model, then look again."
    title = provider.row.company.display_name
    try:
        place = base_url_of(provider, provider.protocol, registry)
        models = await provider_models(name, registry)
    except KoiError as error:
        said = f"{error.title}. {error.hint}"
        return LocalServer(name, title, False, detail=said, advice=advice)
    more = f"In another terminal: {SUGGESTION}" if ollama else "Load one there, then look again."
    advice = "" if models else f"It has no model yet. {more}"
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
