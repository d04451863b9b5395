"""Which providers sign their requests or fetch their token, instead of sending a fixed key."""

from __future__ import annotations

from koi.catalogue.registry import Registered, Registry
from koi.catalogue.rows import Protocol
from koi.credentials.endpoint import Signer


def open_signer(provider: Registered, protocol: Protocol, registry: Registry) -> Signer | None:
    """The signer of a provider, None when a key in a header is all that it needs.

    Raises CredentialMissing, ConfigurationError.
    """
    return None
