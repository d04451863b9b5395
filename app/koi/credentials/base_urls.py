"""Where a provider is: the configuration, a variable of the provider, or its row."""

from __future__ import annotations

from koi.catalogue.registry import Registered, Registry, checked_base_url
from koi.catalogue.rows import Protocol
from koi.config.interpolation import variables
from koi.core.errors import ConfigurationError
from koi.credentials.aws_region import runtime_url
from koi.credentials.ollama import ollama_base


def base_url_of(provider: Registered, protocol: Protocol, registry: Registry) -> str:
    """The base URL for one protocol of a provider, without a slash at its end.

    Raises ConfigurationError: the URL is none, a variable in it is not set, or the provider is
    not known to speak the protocol.
    """
    config, table, company = registry.config, provider.table, provider.row.company
    if provider.row.protocol == "ollama":
        where = company.base_url_env if table.base_url is None else provider.key("base_url")
        base = checked_base_url(ollama_base(provider, config), where or "base_url")
        return f"{base}/v1" if protocol == "openai-chat" else base
    if table.base_url is not None:
        key = provider.key("base_url")
        where = config.where(key)
        return checked_base_url(config.text(table.base_url, key), where)
    if protocol == "bedrock" and provider.row.protocol == protocol:
        return runtime_url(config.environment)
    if company.base_url_env and (value := config.environment.get(company.base_url_env, "").strip()):
        return checked_base_url(_completed(value), company.base_url_env)
    offered = provider.row.base_url_for(protocol)
    if offered is None:
        raise ConfigurationError(
            f"where {provider.name} speaks {protocol} is not known",
            where=config.where(provider.key("protocol")),
            hint="Give its base_url too.",
        )
    _check_variables(offered, provider, registry)
    return config.text(offered, f"the address of {provider.name}")


def _completed(value: str) -> str:
    """An address as logins name it: a host, with or without https:// and /v1."""
    url = (value if "://" in value else f"https://{value}").rstrip("/")
    return url if url.endswith("/v1") else f"{url}/v1"


def _check_variables(url: str, provider: Registered, registry: Registry) -> None:
    """Name all variables that an address of the catalogue needs and that are not set."""
    unset = [name for name in variables(url) if not registry.config.environment.get(name)]
    if unset:
        raise ConfigurationError(
            f"the address of {provider.row.company.display_name} needs {' and '.join(unset)}",
            where=f"providers.{provider.name}",
            hint=f"Set {' and '.join(unset)} in the environment, or base_url in "
            f"[providers.{provider.name}] of {registry.config.paths.config_file}.",
        )
