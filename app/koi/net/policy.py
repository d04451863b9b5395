"""Where requests may go: keys are bound to hosts, and plain http is for hosts the person named."""

from __future__ import annotations

import ipaddress

import msgspec

from koi.core.errors import ProviderError


class NetworkPolicy(msgspec.Struct, frozen=True):
    """The hosts of one provider, lower case. Nothing else is ever contacted on its behalf."""

    allowed_hosts: frozenset[str]
    plain_http_hosts: frozenset[str] = frozenset()
    """Hosts of the person's own configuration, which may be spoken to without TLS."""

    def check(self, scheme: str, host: str) -> None:
        """Raises ProviderError (network_policy) for an address that is not allowed."""
        host = host.lower()
        if host not in self.allowed_hosts:
            raise ProviderError(
                f"{host or 'An empty host'} is not a host of this provider",
                kind="network_policy",
                hint="Set base_url, or add the host to network.provider_allowed_hosts.",
            )
        if scheme == "https" or (scheme == "http" and self._may_be_plain(host)):
            return
        raise ProviderError(
            f"{scheme}://{host} would send the key and the conversation unencrypted",
            kind="network_policy",
            hint="Use https; plain http is for this machine and for hosts in your configuration.",
        )

    def allowing(self, host: str) -> NetworkPolicy:
        """The same policy with one more host."""
        return msgspec.structs.replace(self, allowed_hosts=self.allowed_hosts | {host.lower()})

    def _may_be_plain(self, host: str) -> bool:
        return host in self.plain_http_hosts or is_loopback(host)


def is_loopback(host: str) -> bool:
    """True for localhost and loopback addresses, without asking a name server."""
    host = host.lower().strip("[]").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
