"""How the tokens of each login are used and renewed, once the person has connected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from koi.catalogue.registry import Registered, Registry
from koi.config.config import Config
from koi.core.errors import ProviderError
from koi.credentials.endpoint import Signer
from koi.credentials.findings import TokenUse
from koi.credentials.logins import copilot, qwen
from koi.credentials.logins.keeping import auth_file
from koi.credentials.logins.table import login_of
from koi.credentials.oauth.application import host_of
from koi.credentials.oauth.refresh import RefreshRule, renewed
from koi.credentials.oauth.renewal import Kept, Renewal
from koi.credentials.oauth.server_text import is_under
from koi.credentials.oauth.signer import CopilotLogin, LoginSigner, UseOf
from koi.credentials.stores.token_record import TokenRecord


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What is done with a login's tokens."""

    use: UseOf
    domains: Callable[[TokenRecord], tuple[str, ...]]
    """Where they may be sent."""
    rule: Callable[[TokenRecord, Registry], RefreshRule]


UPKEEP: dict[str, Upkeep] = {
    copilot.PROVIDER: Upkeep(copilot.use_of, copilot.domains_of, copilot.rule_of),
    qwen.PROVIDER: Upkeep(qwen.use_of, qwen.domains_of, qwen.rule_of),
}
"""By the slug of the provider."""


def misplaced(provider: Registered, record: TokenRecord, config: Config) -> str:
    """Why a login's token must not go where the configuration says, "" when it may.

    It may go to the vendor, and to the hosts of the login's own `[oauth]` table.
    """
    written = provider.table.base_url
    login = login_of(provider.name)
    if written is None or login is None:
        return ""
    host = (urlsplit(config.text(written, provider.key("base_url"))).hostname or "").lower()
    own = config.tables.oauth.get(login.name)
    urls = () if own is None else (own.device_url, own.authorize_url, own.token_url)
    if any(url and host_of(config.text(url, f"oauth.{login.name}")) == host for url in urls):
        return ""
    if any(is_under(host, domain) for domain in UPKEEP[provider.name].domains(record)):
        return ""
    return f"{provider.key('base_url')} names {host or 'no host'}, which the login is not for"


def _allowed(use: TokenUse, registry: Registry) -> TokenUse:
    """The same. Raises ProviderError for a place that the configuration forbids."""
    network, host = registry.config.tables.network, host_of(use.base_url)
    if use.base_url and network.default_deny and host not in network.provider_allowed_hosts:
        raise ProviderError(
            f"the host {host} is not allowed",
            kind="network_policy",
            hint=f'network.default_deny is on. Add "{host}" to network.provider_allowed_hosts.',
        )
    return use


def open_login_signer(provider: Registered, registry: Registry) -> Signer:
    """The signer for koi's own login of a provider. Raises ConfigurationError."""
    login = login_of(provider.name)
    assert login is not None, "only found logins are opened"
    upkeep = UPKEEP[provider.name]
    kept = Kept(auth_file(registry), provider.name, login.name, login.title)

    async def refresh(record: TokenRecord) -> TokenRecord:
        return await renewed(upkeep.rule(record, registry), record)

    renewal = Renewal(kept, refresh)
    signer = LoginSigner(
        renewal,
        lambda record: _allowed(upkeep.use(record), registry),
        own_place=provider.table.base_url is not None,
    )
    if provider.name != copilot.PROVIDER:
        return signer
    record = kept.store.get(provider.name) or TokenRecord(None)
    return CopilotLogin(renewal, copilot.login_place(record, registry), signer)
