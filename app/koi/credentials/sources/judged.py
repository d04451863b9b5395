"""Whether a value can be a key of a provider, said without the value."""

from __future__ import annotations

from koi.catalogue.catalogue import load_catalogue
from koi.catalogue.registry import Registered
from koi.config.config import Config
from koi.core.secret import Secret
from koi.credentials.findings import Finding, Source, TokenUse
from koi.credentials.key_text import can_be_sent
from koi.credentials.sources.offer import offered

OAUTH_BETA = {"anthropic-beta": "oauth-2025-04-20"}
"""What Anthropic wants to see beside a token of a subscription."""


def judged(
    provider: Registered, source: Source, value: str, detail: str, config: Config
) -> Finding:
    """The finding for a value that was given as a key of `provider`."""
    secret = Secret(value)
    found = Finding(provider.name, source, "usable", secret.label, detail, secret=secret)
    if not can_be_sent(value):
        return _unreadable(found, "holds characters that cannot be part of a key")
    owner = load_catalogue().subscription_of(value)
    if owner == provider.name:
        return subscription_token(found, provider, config)
    if owner is not None:
        return _unreadable(found, f"is a subscription token: it is sent as one of {owner} only")
    if (vendor := _other_vendor(provider, value)) is not None:
        return _unreadable(found, f"looks like a key of {vendor}")
    return found


def subscription_token(found: Finding, provider: Registered, config: Config) -> Finding:
    """The finding for a token of a Claude subscription that the person has in a place of theirs."""
    return offered(
        Finding(
            found.provider,
            found.source,
            "usable",
            found.label,
            f"{found.detail} is a subscription token, not an API key",
            secret=found.secret,
            subscription=True,
            consent="claude-token",
            use=TokenUse(auth="bearer", headers=OAUTH_BETA),
        ),
        provider,
        config,
    )


def _unreadable(found: Finding, why: str) -> Finding:
    return Finding(found.provider, found.source, "unreadable", found.label, f"{found.detail} {why}")


def _other_vendor(provider: Registered, value: str) -> str | None:
    """The vendor whose key this is, when it would be sent to somebody else's own endpoint."""
    row = provider.row
    elsewhere = provider.table.base_url is not None or row.company.key_optional
    owner = None if elsewhere else load_catalogue().owner_of(value)
    return None if owner == provider.name else owner
