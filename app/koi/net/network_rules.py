"""The rules for all requests, from the person's configuration."""

from __future__ import annotations

from collections.abc import Mapping

from koi.config.config import Config
from koi.config.mistakes import Mistake
from koi.core.errors import ConfigurationError
from koi.net.hosts import host_of, normal_host
from koi.net.policy import NetworkRules


def network_rules(config: Config) -> NetworkRules:
    """`[network]` with the hosts of all configured base URLs, which are allowed without a word.

    A project's file has no part in it: it cannot set any of these.
    """
    network = config.tables.network
    allowed = {normal_host(host) for host in network.provider_allowed_hosts}
    if network.default_deny:
        allowed |= {_configured_host(name, config) for name in config.tables.providers}
    decisions = config.paths.network_decisions
    return NetworkRules(network.default_deny, frozenset(allowed - {""}), decisions)


def wrong_hosts(table: Mapping[str, object], where: str) -> tuple[Mistake, ...]:
    """Entries of `provider_allowed_hosts` that are no host names, in one layer as it was read."""
    network = table.get("network")
    allowed = network.get("provider_allowed_hosts") if isinstance(network, dict) else None
    return tuple(
        _wrong_host(written, f"network.provider_allowed_hosts[{at}]", where)
        for at, written in enumerate(allowed if isinstance(allowed, (list, tuple)) else ())
        if isinstance(written, str) and not normal_host(written)
    )


def _wrong_host(written: str, key: str, where: str) -> Mistake:
    meant = host_of(written if "://" in written else f"//{written}")
    hint = f"Write {meant or 'a name such as api.openai.com'}, without scheme, port and path."
    return Mistake(where, key, f"'{written}' is not a host", hint)


def _configured_host(name: str, config: Config) -> str:
    written = config.tables.providers[name].base_url
    if written is None:
        return ""
    try:
        return host_of(config.text(written, f"providers.{name}.base_url"))
    except ConfigurationError:
        return ""  # a variable that is not set: whoever uses the provider is told
