"""Proof that who fetches the tokens is who began the login. https://www.rfc-editor.org/rfc/rfc7636"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field

from koi.core.secret import Secret


def random_text() -> str:
    """43 characters that nobody can guess."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode("ascii")


@dataclass(frozen=True, slots=True)
class Proof:
    """A verifier, sent with the code at the end, and its challenge, sent at the beginning."""

    verifier: Secret = field(default_factory=lambda: Secret(random_text()))

    @property
    def challenge(self) -> str:
        """The verifier's hash, by the method S256."""
        digest = hashlib.sha256(self.verifier.reveal().encode("ascii")).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")

    def fields(self) -> dict[str, str]:
        """What the first request carries."""
        return {"code_challenge": self.challenge, "code_challenge_method": "S256"}
