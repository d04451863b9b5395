"""An OpenAI-compatible address of the person becomes a provider."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from koi.catalogue.catalogue import checked_url
from koi.catalogue.registry import Registry
from koi.core.errors import UsageError
from koi.core.secret import Secret
from koi.credentials.targets import as_address
from koi.net.hosts import is_loopback
from koi.wiring.key_trial import with_key
from koi.wiring.model_lists import provider_models


async def endpoint_models(url: str, key: Secret | None, registry: Registry) -> tuple[str, ...]:
    """The models of an OpenAI-compatible endpoint. Raises UsageError for no URL, KoiError."""
    name = f"custom:{url}"
    registry.get(name)
    return await provider_models(name, registry if key is None else with_key(name, key, registry))


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
