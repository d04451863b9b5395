"""Keys in environment variables. Nothing is read but memory."""

from __future__ import annotations

from collections.abc import Iterator

from koi.catalogue.registry import Registered
from koi.config.config import Config
from koi.core.secret import Secret
from koi.credentials.aws import EXTRA, STATIC, has_botocore
from koi.credentials.findings import ENVIRONMENT, Finding
from koi.credentials.key_text import can_be_sent
from koi.credentials.sources.judged import judged, subscription_token
from koi.credentials.sources.search import Search


def find(search: Search) -> tuple[Finding, ...]:
    """Keys in the variables of every provider; those that need a yes are listed as such."""
    return tuple(
        finding
        for provider in search.keyed
        for finding in (
            *_variables(provider, search.config),
            *_tokens(provider, search.config),
            *_access_key(provider, search.config),
        )
    )


def _variables(provider: Registered, config: Config) -> Iterator[Finding]:
    for variable in provider.row.company.api_key_env:
        if value := _value(config, variable):
            yield judged(provider, ENVIRONMENT, value, variable, config)


def _tokens(provider: Registered, config: Config) -> Iterator[Finding]:
    for variable in provider.row.company.consent_env:
        value = _value(config, variable)
        if not value:
            continue
        if not can_be_sent(value):
            yield judged(provider, ENVIRONMENT, value, variable, config)
            continue
        secret = Secret(value)
        found = Finding(provider.name, ENVIRONMENT, "usable", secret.label, variable, secret=secret)
        yield subscription_token(found, provider, config)


def _access_key(provider: Registered, config: Config) -> Iterator[Finding]:
    """An access key of AWS, for a provider that signs. The signer takes it from the environment."""
    access, secret = (_value(config, variable) for variable in STATIC)
    if not (access and secret) or provider.row.company.auth != "sigv4":
        return
    usable = has_botocore()
    yield Finding(
        provider.name,
        ENVIRONMENT,
        "usable" if usable else "unreadable",
        Secret(access).label,
        STATIC[0] if usable else f"{STATIC[0]} needs botocore: {EXTRA}",
    )


def _value(config: Config, variable: str) -> str:
    return config.environment.get(variable, "").strip()
