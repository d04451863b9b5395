"""What is needed to talk to one provider, from its row, the configuration and its key."""

from __future__ import annotations

from urllib.parse import urlsplit

from koi.catalogue.models import fast_model_info, nearest_models
from koi.catalogue.registry import Registered, Registry
from koi.catalogue.rows import USUAL_AUTH, AuthStyle, Protocol
from koi.config.schema import ModelTable
from koi.core.errors import ConfigurationError, StorageError
from koi.core.references import ModelReference
from koi.core.secret import Secret
from koi.credentials.aws_region import models_url
from koi.credentials.base_urls import base_url_of
from koi.credentials.discovery import find_credentials
from koi.credentials.endpoint import Endpoint
from koi.credentials.findings import ENVIRONMENT, Finding, TokenUse
from koi.credentials.host_sources import host_source
from koi.credentials.ollama import configured_window
from koi.credentials.provider_keys import (
    check_configured,
    check_enabled,
    key_advice,
    missing_key,
)
from koi.credentials.signers import open_signer
from koi.credentials.stores.saved_keys import saved_keys
from koi.net.hosts import normal_host
from koi.net.network_rules import network_rules
from koi.net.policy import HostSource, NetworkPolicy
from koi.net.timeouts import LOCAL, REMOTE, Timeouts


def provider_endpoint(name: str, registry: Registry, credential: Finding | None = None) -> Endpoint:
    """The endpoint of the provider `name`, with the best credential that is there for it.

    A `credential` from `provider_keys` or `judged` for it is used instead when it is given.
    The OS keyring may be asked for it, which takes up to 3 s once; see `discovery.look_ahead`.
    Raises UsageError (unknown, switched off), ConfigurationError (a value
    that cannot be used), CredentialMissing, and ProviderError of kind network_policy.
    """
    provider = registry.get(name)
    config = registry.config
    check_enabled(provider, registry)
    findings: tuple[Finding, ...] = ()
    found = credential
    if found is None:
        discovery = find_credentials(provider, registry)
        check_configured(discovery, provider, registry)
        findings = discovery.of(provider.name)
        found = discovery.usable(provider.name)
    use = TokenUse() if found is None else found.use
    protocol = provider.table.protocol or use.protocol or provider.protocol
    base_url = use.base_url or base_url_of(provider, protocol, registry)
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    source: HostSource = "credential" if use.base_url else host_source(provider, config)
    rules = network_rules(config)
    NetworkPolicy(provider.name, {normal_host(host): source}, rules).require(parts.scheme, host)
    if provider.plugin is not None:
        provider.plugin.check_host(host)
    signer = open_signer(provider, protocol, base_url, found, registry)
    secret = None if found is None or signer is not None else found.secret
    if secret is None and signer is None and not _works_without(provider):
        raise missing_key(provider, registry, findings)
    company, table = provider.row.company, provider.table
    own_place = table.base_url is None and protocol == provider.row.protocol
    own_headers = {
        header: config.text(value, provider.key(f"headers.{header}"))
        for header, value in table.headers.items()
    }
    _check_headers(own_headers, provider, registry)
    return Endpoint(
        name=provider.name,
        protocol=protocol,
        base_url=base_url,
        auth="none" if secret is None else use.auth or _auth(provider, protocol),
        key=secret,
        key_advice=key_advice(provider, registry),
        other_key=_other_key(found, registry),
        key_header=_key_header(provider),
        headers={**company.headers, **use.headers, **own_headers},
        header_secrets=tuple(Secret(value) for value in own_headers.values()),
        profile=provider.row.profile_for(protocol),
        timeouts=_timeouts(provider, host),
        host_source=source,
        rules=rules,
        api_path=table.api_path,
        context_window=lambda model: configured_window(provider, model, config),
        output_limit=lambda model: (
            fast_model_info(ModelReference(provider.name, model), registry).max_output_tokens
        ),
        configured_tools=lambda model: table.models.get(model, ModelTable()).tools or table.tools,
        known=lambda model: fast_model_info(ModelReference(provider.name, model), registry),
        nearest=lambda model: nearest_models(ModelReference(provider.name, model), registry),
        models_url=models_url(base_url)
        if protocol == "bedrock"
        else (company.models_url if own_place else None),
        siblings=company.siblings if table.base_url is None else (),
        signer=signer,
    )


def _auth(provider: Registered, protocol: Protocol) -> AuthStyle:
    if provider.table.auth is not None:
        return provider.table.auth
    company, usual = provider.row.company, USUAL_AUTH.get(protocol, "bearer")
    style = company.auth if protocol == provider.row.protocol else usual
    return "bearer" if style == "sigv4" else style


def _key_header(provider: Registered) -> str | None:
    if provider.plugin is None or provider.table.auth is not None:
        return None
    return provider.plugin.manifest.key_header


def _timeouts(provider: Registered, host: str) -> Timeouts:
    usual = LOCAL if provider.row.company.local and host != "ollama.com" else REMOTE
    table = provider.table
    return Timeouts(
        table.connect_s or usual.connect_s,
        table.first_byte_s or usual.first_byte_s,
        table.idle_s or usual.idle_s,
        table.total_s,
        usual.quick_idle_s if table.idle_s is None else None,
    )


def _check_headers(headers: dict[str, str], provider: Registered, registry: Registry) -> None:
    for name, value in headers.items():
        if not all(" " <= character <= "~" or character == "\t" for character in name + value):
            key = provider.key(f"headers.{name}")
            raise ConfigurationError(
                "holds characters that cannot be part of a header",
                where=f"{registry.config.origin(key)}: {key}",
                hint="Look for line breaks and for characters that are not ASCII.",
            )


def _works_without(provider: Registered) -> bool:
    return provider.row.company.key_optional or provider.table.auth == "none"


def _other_key(found: Finding | None, registry: Registry) -> str:
    """The way from a key of the environment to one that koi keeps, for when it is refused."""
    if found is None or found.source != ENVIRONMENT:
        return ""
    try:
        kept = saved_keys(registry.config.paths)
    except StorageError:
        return ""  # the source of these keys tells of it
    if all(key.provider != found.provider for key in kept):
        return ""
    variable = found.detail.split()[0].rstrip(",:")
    return f"It is the one in {variable}; to use the key that koi keeps: unset {variable}"
