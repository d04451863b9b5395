"""Which providers sign their requests or fetch their token, instead of sending a fixed key."""

from __future__ import annotations

from koi.catalogue.registry import Registered, Registry
from koi.catalogue.rows import Protocol
from koi.credentials.aws import open_aws_signer
from koi.credentials.borrowed_signer import BorrowedSigner
from koi.credentials.consent import TERMS
from koi.credentials.copilot import open_copilot_signer
from koi.credentials.endpoint import Signer
from koi.credentials.findings import KOI_LOGIN, Finding
from koi.credentials.sources import claude, codex, keychain, qwen
from koi.credentials.sources.borrowed import Borrowed, BorrowedToken


def open_signer(
    provider: Registered,
    protocol: Protocol,
    base_url: str,
    found: Finding | None,
    registry: Registry,
) -> Signer | None:
    """The signer for what was found; None when a key in a header is all that is needed.

    Raises CredentialMissing, ConfigurationError.
    """
    if found is not None and found.source == KOI_LOGIN:
        from koi.credentials.logins.upkeep import open_login_signer

        return open_login_signer(provider, registry)
    if found is not None and found.consent is not None:
        borrowed = _borrowed(found, registry)
        return BorrowedSigner(borrowed, base_url, registry.config.paths)
    if found is None or found.secret is None:
        return open_aws_signer(provider, registry) if protocol == "bedrock" else None
    if protocol == "copilot":
        return open_copilot_signer(found.secret, base_url, registry)
    return None


def _borrowed(found: Finding, registry: Registry) -> Borrowed:
    match found.source:
        case "Claude Code":
            return claude.borrowed(registry.config)
        case "macOS Keychain":
            return keychain.borrowed(registry.config)
        case "Codex CLI":
            return codex.borrowed(registry.config)
        case "Qwen Code":
            return qwen.borrowed(registry.config)
        case _:
            return _given(found)


def _given(found: Finding) -> Borrowed:
    """A token that stands in a variable, the configuration, or was saved."""
    secret = found.secret
    if secret is None or found.consent is None:
        raise ValueError(f"{found.source} has no token")
    token = BorrowedToken(secret, found.expires_at, found.use.headers, found.use.base_url)
    return Borrowed(TERMS[found.consent].title, found.consent, lambda: token, claude.WAY_OUT)
