"""The end of every login: its tokens go into koi's store before anybody hears of success."""

from __future__ import annotations

from koi.catalogue.registry import Registry
from koi.config.config import Config
from koi.core.errors import ConfigurationError, ProviderError, StorageError
from koi.credentials.logins.events import Connected, LoginFailed
from koi.credentials.oauth.application import Application, configured, network_policy
from koi.credentials.oauth.device import unreachable
from koi.credentials.oauth.refresh import RefreshRule
from koi.credentials.oauth.token_server import TokenServer
from koi.credentials.stores.auth_file import AuthFile
from koi.credentials.stores.token_record import TokenRecord


def auth_file(registry: Registry) -> AuthFile:
    """Where this person's logins are."""
    return AuthFile(registry.config.paths.auth_file)


def application_of(name: str, usual: Application, registry: Registry) -> Application:
    """The application of a login as the person wants it. Raises LoginFailed."""
    try:
        return configured(name, usual, registry.config)
    except ConfigurationError as error:
        raise LoginFailed(error.title, reason="refused", hint=error.hint) from error


def rule(application: Application, record: TokenRecord, config: Config) -> RefreshRule:
    """How an application renews the tokens that it got. Raises ProviderError when forbidden."""
    client_id = record.text("client_id") or application.client_id
    return RefreshRule(application.token_url, client_id, network_policy(application, config))


def open_server(application: Application, registry: Registry) -> TokenServer:
    """Connections to the hosts of one application.

    Raises LoginFailed when that is forbidden, or when it is sure that no login can be kept.
    """
    try:
        auth_file(registry).check_writable()
        return TokenServer(network_policy(application, registry.config))
    except StorageError as error:
        raise LoginFailed(error.title, reason="storage", hint=error.hint) from error
    except ProviderError as error:
        raise unreachable(error) from error


def keep(registry: Registry, provider: str, record: TokenRecord) -> Connected:
    """Store the tokens. Raises LoginFailed (storage); they are held in memory then."""
    store = auth_file(registry)
    try:
        store.put(provider, record)
    except StorageError as error:
        store.hold(provider, record)
        raise LoginFailed(
            f"the login worked, but its tokens could not be kept: {error.title}",
            reason="storage",
            hint=f"Connect again after that: {error.hint}",
        ) from error
    return Connected(provider, record.account, record.plan)
