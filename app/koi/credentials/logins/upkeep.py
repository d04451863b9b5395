"""How the tokens of each login are used and renewed, once the person has connected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from koi.catalogue.registry import Registered, Registry
from koi.config.config import Config
from koi.core.errors import ProviderError
from koi.credentials.endpoint import Signer
from koi.credentials.findings import TokenUse
from koi.credentials.logins import chatgpt, copilot, minimax, qwen
from koi.credentials.logins.keeping import auth_file
from koi.credentials.logins.table import login_of
from koi.credentials.oauth.application import Application
from koi.credentials.oauth.refresh import RefreshRule, renewed
from koi.credentials.oauth.renewal import Kept, Renewal
from koi.credentials.oauth.server_text import is_under
from koi.credentials.oauth.signer import CopilotLogin, LoginSigner
from koi.credentials.stores.token_record import TokenRecord
from koi.net.hosts import host_of
from koi.net.network_rules import network_rules
from koi.net.policy import NetworkPolicy


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What is done with a login's tokens."""

    use: Callable[[TokenRecord], TokenUse]
    domains: Callable[[TokenRecord], tuple[str, ...]]
    """Where they may be sent."""
    application: Callable[[TokenRecord, Config], Application]
    """Where the login was done. Raises ConfigurationError."""
    rule: Callable[[TokenRecord, Config], RefreshRule]
    """Raises ConfigurationError, ProviderError."""


UPKEEP: dict[str, Upkeep] = {
    copilot.PROVIDER: Upkeep(
        copilot.use_of, copilot.domains_of, copilot.application_for, copilot.rule_of
    ),
    chatgpt.PROVIDER: Upkeep(
        chatgpt.use_of, chatgpt.domains_of, chatgpt.application_for, chatgpt.rule_of
    ),
    qwen.PROVIDER: Upkeep(qwen.use_of, qwen.domains_of, qwen.application_for, qwen.rule_of),
    **{
        region.provider: Upkeep(
            region.use_of, region.domains_of, region.application_for, region.rule_of
        )
        for region in minimax.REGIONS
    },
}
"""By the slug of the provider."""


def use_at(provider: Registered, record: TokenRecord) -> TokenUse:
    """How a login's token is sent: where the person wants it, else where it is valid."""
    use = UPKEEP[provider.name].use(record)
    if provider.table.base_url is None:
        return use
    return msgspec.structs.replace(use, base_url="")


def misplaced(provider: Registered, record: TokenRecord, config: Config) -> str:
    """Why a login's token must not go where the configuration says, "" when it may.

    It may go to the vendor, encrypted, and to the hosts of the login's own `[oauth]` table.
    """
    written = provider.table.base_url
    if written is None:
        return ""
    upkeep = UPKEEP[provider.name]
    url = config.text(written, provider.key("base_url"))
    host = host_of(url)
    if host in upkeep.application(record, config).own_hosts:
        return ""
    if any(is_under(host, domain) for domain in upkeep.domains(record)):
        return "" if url.startswith("https:") else f"{provider.key('base_url')} is not encrypted"
    return f"{provider.key('base_url')} names {host or 'no host'}, which the login is not for"


def open_login_signer(provider: Registered, registry: Registry) -> Signer:
    """The signer for koi's own login of a provider. Raises ConfigurationError."""
    login, config = login_of(provider.name), registry.config
    assert login is not None, "only found logins are opened"
    upkeep = UPKEEP[provider.name]
    kept = Kept(auth_file(registry), provider.name, login.command, login.title)

    async def refresh(record: TokenRecord) -> TokenRecord:
        return await renewed(upkeep.rule(record, config), record)

    renewal = Renewal(kept, refresh)
    signer = LoginSigner(renewal, lambda record: _use_now(provider, record, config))
    if provider.name != copilot.PROVIDER:
        return signer
    return CopilotLogin(renewal, lambda record: copilot.login_place(record, config), signer)


def _use_now(provider: Registered, record: TokenRecord, config: Config) -> TokenUse:
    """How a login is used that may have been changed since it was found. Raises ProviderError."""
    if why := misplaced(provider, record, config):
        raise ProviderError(why, kind="network_policy", hint="Remove base_url, or connect again.")
    use = use_at(provider, record)
    if host := host_of(use.base_url):
        policy = NetworkPolicy(provider.name, {host: "credential"}, network_rules(config))
        policy.require("https", host)
    return use
