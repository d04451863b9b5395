"""Which providers sign their requests or fetch their token, instead of sending a fixed key."""

from __future__ import annotations

from koi.catalogue.registry import Registered, Registry
from koi.catalogue.rows import Protocol
from koi.credentials.aws import open_aws_signer
from koi.credentials.copilot import open_copilot_signer
from koi.credentials.endpoint import Signer


def open_signer(
    provider: Registered, protocol: Protocol, base_url: str, registry: Registry
) -> Signer | None:
    """The signer of a provider, None when a key in a header is all that it needs.

    Raises CredentialMissing, ConfigurationError.
    """
    if protocol == "bedrock":
        return open_aws_signer(provider, registry)
    if protocol == "copilot" and provider.table.auth != "none":
        return open_copilot_signer(provider, base_url, registry)
    return None
