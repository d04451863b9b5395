"""koi at one authorization server: its id there and the addresses, as the person wants them."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from koi.catalogue.catalogue import checked_url
from koi.config.config import Config
from koi.core.errors import ConfigurationError
from koi.net.hosts import host_of
from koi.net.network_rules import network_rules
from koi.net.policy import HostSource, NetworkPolicy


class Application(msgspec.Struct, frozen=True):
    """A public OAuth client, which has no secret, and where it logs in."""

    client_id: str
    name: str = ""
    """As `[oauth.NAME]` has it."""
    scope: str = ""
    device_url: str = ""
    authorize_url: str = ""
    token_url: str = ""
    exchange_url: str = ""
    page_domains: tuple[str, ...] = ()
    """Domains of the vendor on which pages for the person may be."""
    own_hosts: frozenset[str] = frozenset()
    """Hosts that the person's configuration names, which may be spoken to without TLS."""
    own_id: bool = False
    """True when the person's configuration names the client id."""

    @property
    def hosts(self) -> frozenset[str]:
        """Every host that may be spoken to."""
        urls = (self.device_url, self.authorize_url, self.token_url, self.exchange_url)
        return frozenset(host_of(url) for url in urls if url)


def origin_of(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def configured(name: str, usual: Application, config: Config) -> Application:
    """The usual application with what `[oauth.NAME]` says. Raises ConfigurationError."""
    table = config.tables.oauth.get(name)
    if table is None:
        return msgspec.structs.replace(usual, name=name)
    changes: dict[str, str] = {}
    for field in ("client_id", "scope"):
        if (written := getattr(table, field)) is not None:
            changes[field] = config.text(written, f"oauth.{name}.{field}").strip()
    hosts: set[str] = set()
    for field in ("device_url", "authorize_url", "token_url", "exchange_url"):
        if (written := getattr(table, field)) is None:
            continue
        key = f"oauth.{name}.{field}"
        url = checked_url(config.text(written, key))
        if url is None:
            raise ConfigurationError(
                "is not an http or https URL",
                where=config.where(key),
                hint='Write it like "https://login.example.com/token".',
            )
        changes[field] = url
        hosts.add(host_of(url))
    named = frozenset(hosts)
    return msgspec.structs.replace(
        usual, name=name, **changes, own_hosts=named, own_id=bool(changes.get("client_id"))
    )


def network_policy(application: Application, config: Config) -> NetworkPolicy:
    """Which hosts a login may speak to. Raises ProviderError when the configuration forbids one."""
    own = application.own_hosts
    hosts: dict[str, HostSource] = {
        host: "configuration" if host in own else "login" for host in sorted(application.hosts)
    }
    policy = NetworkPolicy(f"login of {application.name}", hosts, network_rules(config))
    for host in hosts:
        policy.require("https", host)
    return policy
