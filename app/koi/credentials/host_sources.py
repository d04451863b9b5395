"""Why a provider's host is its host: what the network policy lets it do rests on that."""

from __future__ import annotations

from koi.catalogue.catalogue import URL_FORMS
from koi.catalogue.registry import Registered
from koi.config.config import Config
from koi.credentials.aws_region import ENDPOINT_VARIABLE
from koi.net.hosts import host_of
from koi.net.network_rules import network_rules
from koi.net.policy import HostSource, NetworkPolicy


def host_source(provider: Registered, config: Config) -> HostSource:
    """Who says where the provider is, when no credential of its own does."""
    company = provider.row.company
    if provider.table.base_url is not None or provider.name.startswith(tuple(URL_FORMS)):
        return "configuration"
    variables = [company.base_url_env or ""]
    if provider.protocol == "bedrock":
        variables.append(ENDPOINT_VARIABLE)
    if any(config.environment.get(name, "").strip() for name in variables):
        return "environment"
    if company.key_optional and provider.plugin is None:
        return "local server"
    return "catalogue"


def provider_policy(provider: Registered, url: str, config: Config) -> NetworkPolicy:
    """The policy for requests of a provider to the host of `url`, where it is without a login."""
    hosts = {host_of(url): host_source(provider, config)}
    return NetworkPolicy(provider.name, hosts, network_rules(config))
