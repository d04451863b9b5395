"""What a token says about its account. Not checked: good for names on the screen, not for trust."""

from __future__ import annotations

import base64
import binascii

import msgspec

from koi.core.messages import JsonObject
from koi.core.secret import Secret


def claims_of(token: Secret | None) -> JsonObject:
    """The claims of a JSON web token; empty for anything else."""
    parts = token.reveal().split(".") if token is not None else []
    if len(parts) != 3:
        return {}
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = msgspec.json.decode(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def claim(claims: JsonObject, *path: str) -> str:
    """A claim that is text, by its path; "" when it is missing."""
    found: object = claims
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""
