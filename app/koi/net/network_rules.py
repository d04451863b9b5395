"""The rules for all requests, from the person's configuration."""

from __future__ import annotations

from koi.config.config import Config
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


def _configured_host(name: str, config: Config) -> str:
    written = config.tables.providers[name].base_url
    if written is None:
        return ""
    try:
        return host_of(config.text(written, f"providers.{name}.base_url"))
    except ConfigurationError:
        return ""  # a variable that is not set: whoever uses the provider is told
