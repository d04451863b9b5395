"""Where requests may go: one decision for each, with the rule that it rests on.

Keys are bound to hosts, plain http and private addresses are for hosts that the person named.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from koi.core.errors import ProviderError
from koi.net.decisions import Decision, keep
from koi.net.hosts import is_address, is_loopback, is_public, normal_host

HostSource: TypeAlias = Literal[
    "catalogue", "login", "credential", "configuration", "environment", "local server"
]
"""Why a host belongs to somebody: koi's catalogue or login says so, a credential names it, the
person's configuration or environment, or it is where a server of this machine usually listens."""
_BY_PERSON = frozenset({"configuration", "environment", "local server"})


class NetworkRules(msgspec.Struct, frozen=True):
    """What holds for everybody: `[network]` of the person's configuration."""

    default_deny: bool = False
    allowed_hosts: frozenset[str] = frozenset()
    """With `default_deny` the only ones: the list, and hosts in the person's own file."""
    decisions: Path | None = None
    """The file in which decisions are kept; None: nowhere."""


class NetworkPolicy(msgspec.Struct, frozen=True):
    """The hosts of one owner. Nothing else is ever contacted on its behalf."""

    owner: str
    """Who asks: a provider, or a login."""
    hosts: dict[str, HostSource]
    """In the spelling of `normal_host`."""
    rules: NetworkRules = NetworkRules()

    def judge(self, scheme: str, host: str) -> Decision:
        """Whether a request may go there, and by which rule."""
        name = normal_host(host)
        source = self.hosts.get(name) if name else None
        if not name:
            return Decision(self.owner, "", allowed=False, rule="no host")
        if source is None:
            return Decision(self.owner, name, allowed=False, rule="not its host")
        rule: str = source
        if self.rules.default_deny:
            if name not in self.rules.allowed_hosts:
                return Decision(self.owner, name, allowed=False, rule="default_deny")
            rule = source if source == "configuration" else "provider_allowed_hosts"
        if scheme != "https" and not (scheme == "http" and self._may_be_plain(name, source)):
            return Decision(self.owner, name, allowed=False, rule="unencrypted")
        return Decision(self.owner, name, allowed=True, rule=rule)

    def check(self, scheme: str, host: str) -> None:
        """Decide about a request that is about to be sent, and keep the decision.

        Raises ProviderError (network_policy) when it may not go there.
        """
        self._settle(self.judge(scheme, host), scheme)

    def require(self, scheme: str, host: str) -> None:
        """As `check`, ahead of any request: only a refusal is kept."""
        decision = self.judge(scheme, host)
        if not decision.allowed:
            self._settle(decision, scheme)

    def check_addresses(self, host: str, addresses: Sequence[str]) -> None:
        """Decide about the addresses that a name was found to have, before any is connected to.

        Raises ProviderError (network_policy): a public host never is in a private network.
        """
        if self.may_be_private(host) or all(is_public(address) for address in addresses):
            return
        self._settle(Decision(self.owner, normal_host(host), allowed=False, rule="private address"))

    def may_be_private(self, host: str) -> bool:
        """True for a host whose addresses are the person's business."""
        name = normal_host(host)
        return self.hosts.get(name) in _BY_PERSON or is_address(name)

    def refuse_redirect(self, host: str) -> None:
        """Keep that a server wanted to send a request on to `host`, and was not followed."""
        keep(Decision(self.owner, normal_host(host), allowed=False, rule="redirect"), self._file)

    def allowing(self, host: str, source: HostSource) -> NetworkPolicy:
        """The same policy with one more host; one that it has already stays as it is."""
        name = normal_host(host)
        if not name or name in self.hosts:
            return self
        return msgspec.structs.replace(self, hosts={**self.hosts, name: source})

    @property
    def _file(self) -> Path | None:
        return self.rules.decisions

    def _may_be_plain(self, name: str, source: HostSource) -> bool:
        return source in _BY_PERSON or is_loopback(name)

    def _settle(self, decision: Decision, scheme: str = "https") -> None:
        keep(decision, self._file)
        if not decision.allowed:
            raise _refusal(decision, scheme)


def _refusal(decision: Decision, scheme: str) -> ProviderError:
    host, owner = decision.host, decision.owner
    match decision.rule:
        case "no host":
            title = f"{owner}: this address names no host"
            hint = "Check base_url: only letters, digits, dots and dashes make a host."
        case "default_deny":
            title = f"{owner}: the host {host} is not allowed"
            hint = f'network.default_deny is on. Add "{host}" to network.provider_allowed_hosts.'
        case "unencrypted":
            title = f"{scheme}://{host} would send the key and the conversation unencrypted"
            hint = "Use https; plain http is for this machine and for hosts in your configuration."
        case "private address":
            title = f"{owner}: {host} leads to an address of a private network; nothing was sent"
            hint = (
                "A login page, a filter, or somebody at the name server answers for it. If it is "
                "yours, set base_url in your configuration."
            )
        case _:
            title = f"{owner}: {host} is not one of its hosts, and its key goes to no other"
            hint = "If the host is yours, set base_url in your configuration."
    return ProviderError(title, kind="network_policy", hint=hint)
