"""What an error means and what to do about it, where more is known than the answer alone says."""

from __future__ import annotations

from koi.core.errors import ProviderError
from koi.credentials.endpoint import Endpoint

_BILLING = "The account or its plan does not cover this: top it up, or use another model."


def sharpen(error: ProviderError, endpoint: Endpoint) -> None:
    """Give an error the kind and the hint that follow from the provider's own habits."""
    if error.code in endpoint.profile.billing_codes:
        error.kind, error.hint = "billing", _BILLING
    if error.kind == "auth" and not _sends_key(endpoint):
        error.hint = f"No key was sent. {endpoint.key_advice}".rstrip()
    elif error.kind == "auth" and endpoint.other_key:
        error.hint = f"{error.hint} {endpoint.other_key}".lstrip()
    elif error.kind == "auth" and endpoint.siblings:
        others = " and ".join(endpoint.siblings)
        region = f"A key works in its own region only; the others are {others}."
        error.hint = f"{error.hint} {region}".lstrip()
    if error.kind == "model_not_found" and error.model is not None:
        near = " or ".join(f"{endpoint.name}/{name}" for name in endpoint.nearest(error.model))
        error.hint = f"{error.hint} Did you mean {near}?".lstrip() if near else error.hint


def _sends_key(endpoint: Endpoint) -> bool:
    """True when requests carry something that can be refused, be it a header of the person's."""
    if endpoint.auth_headers() or endpoint.signer is not None:
        return True
    words = ("auth", "key", "token", "cookie")
    return any(word in name.lower() for name in endpoint.headers for word in words)
