"""A token that belongs to another program: read again whenever it may have changed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import msgspec

from koi.core.errors import CredentialMissing
from koi.core.secret import Secret
from koi.credentials.findings import ConsentId


class BorrowedToken(msgspec.Struct, frozen=True):
    """The token as it is now, and what is sent beside it."""

    secret: Secret
    expires_at: float | None = None
    headers: dict[str, str] = {}
    base_url: str = ""
    """Where it is valid; "" for the provider's own place."""


@dataclass(frozen=True, slots=True)
class Borrowed:
    """Where a token comes from."""

    title: str
    """In words: "Claude Code's login"."""
    consent: ConsentId
    read: Callable[[], BorrowedToken]
    """May take a while. Raises CredentialMissing when there is none (any more)."""
    way_out: str
    """What the person can do when the server refuses it."""
    stamp: Callable[[], Hashable] = lambda: None
    """Another value when `read` may have something else. Quick."""
    patience_s: float = 5.0
    """How long to wait for `read`, in seconds."""


def gone(title: str, why: str, hint: str) -> CredentialMissing:
    """The error for a login that was there and is not any more."""
    return CredentialMissing(f"{title} cannot be used: {why}", hint=hint)
