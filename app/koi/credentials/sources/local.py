"""Servers on the person's own machine, which need no key."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import msgspec

from koi.catalogue.registry import Registered, Registry
from koi.config.config import Config
from koi.core.errors import ConfigurationError, ProviderError
from koi.credentials.findings import LOCAL_PROBE, Finding
from koi.credentials.host_sources import provider_policy
from koi.credentials.ollama import get, ollama_base, probe
from koi.credentials.sources.search import Search

OLLAMA_S = 0.9
"""Seconds to wait for Ollama at start."""
TOGETHER_S = 1.0
"""Seconds for all local servers, when the person looks for them."""
SERVERS = ("lmstudio", "vllm", "llamacpp")
"""Looked for on request only: their ports belong to many other programs."""


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


def find_ollama(search: Search) -> tuple[Finding, ...]:
    """Ask Ollama for its models, in a loop of this thread's own."""
    provider = next((each for each in search.providers if each.name == "ollama"), None)
    if provider is None:
        return ()
    return (asyncio.run(_ollama(provider, search.config, OLLAMA_S)),)


async def probe_local(registry: Registry) -> tuple[Finding, ...]:
    """Which local servers answer, and with which models: Ollama, LM Studio, vLLM, llama.cpp."""
    config = registry.config
    asked = [
        _ollama(provider, config, TOGETHER_S)
        if provider.name == "ollama"
        else _compatible(provider, config)
        for name in ("ollama", *SERVERS)
        if (provider := registry.find(name)) is not None and provider.enabled
    ]
    return tuple(await asyncio.gather(*asked))


async def _ollama(provider: Registered, config: Config, limit_s: float) -> Finding:
    try:
        base_url = ollama_base(provider, config)
    except ConfigurationError as error:
        return Finding(provider.name, LOCAL_PROBE, "unreadable", detail=error.title)
    policy = provider_policy(provider, base_url, config)
    return await probe(policy, base_url, timeout_s=limit_s)


async def _compatible(provider: Registered, config: Config) -> Finding:
    try:
        url = _address(provider, config)
    except ConfigurationError as error:
        return Finding(provider.name, LOCAL_PROBE, "unreadable", detail=error.title)
    try:
        async with asyncio.timeout(TOGETHER_S):
            answer = await get(url, "/models", provider_policy(provider, url, config))
        models = tuple(model.id for model in msgspec.json.decode(answer, type=_Models).data)
    except TimeoutError:
        return _unreachable(provider, url, f"did not answer within {TOGETHER_S:g} s")
    except ProviderError as error:
        return _unreachable(provider, url, error.title)
    except OSError:
        return _unreachable(provider, url, "nothing listens")
    except (ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return _unreachable(provider, url, "is not a server of models")
    return Finding(provider.name, LOCAL_PROBE, "usable", detail=url, models=models)


def _address(provider: Registered, config: Config) -> str:
    """Its base URL with /v1. Raises ConfigurationError."""
    if provider.table.base_url is not None:
        url = config.text(provider.table.base_url, provider.key("base_url")).rstrip("/")
    elif provider.name == "llamacpp":
        host = config.environment.get("LLAMA_ARG_HOST", "").strip() or "localhost"
        port = config.environment.get("LLAMA_ARG_PORT", "").strip() or "8080"
        url = f"http://{'localhost' if host in ('0.0.0.0', '::') else host}:{port}"
    else:
        url = provider.row.company.base_url
    return url if urlsplit(url).path.rstrip("/") else f"{url}/v1"


def _unreachable(provider: Registered, url: str, why: str) -> Finding:
    return Finding(provider.name, LOCAL_PROBE, "unreachable", detail=f"{url}: {why}")
