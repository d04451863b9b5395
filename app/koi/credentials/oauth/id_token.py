"""Proves who signed in: the signature of an id token, who made it, for whom, for which login."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject
from koi.core.secret import Secret
from koi.credentials.logins.events import LoginFailed
from koi.credentials.oauth.device import unreachable
from koi.credentials.oauth.server_text import page_address
from koi.credentials.oauth.token_server import TokenServer
from koi.net.hosts import host_of

DISCOVERY = "/.well-known/openid-configuration"
_LEEWAY_S = 300.0
"""How far two clocks may be apart."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What an id token must say."""

    issuer: str
    audience: str
    nonce: str
    subject: str = ""
    """The account of the login before, "" when there was none."""


async def signing_keys(
    server: TokenServer, issuer: str, domains: tuple[str, ...], own_hosts: frozenset[str]
) -> JsonObject:
    """The public keys of an issuer. Raises LoginFailed."""
    try:
        discovered = await server.get(f"{issuer}{DISCOVERY}")
        place = page_address(discovered.fields.get("jwks_uri"), domains, own_hosts)
        if not discovered.good or not place or discovered.text("issuer").rstrip("/") != issuer:
            raise _unsound("the server does not say how it signs")
        server.allow(host_of(place))
        found = await server.get(place)
    except ProviderError as error:
        raise unreachable(error) from error
    if not found.good or not isinstance(found.fields.get("keys"), list):
        raise _unsound("the server does not show its keys")
    return found.fields


async def checked_claims(token: Secret | None, keys: JsonObject, expected: Expected) -> JsonObject:
    """What the token says, once it is sure that it is true. Raises LoginFailed."""
    if token is None:
        raise _unsound("the server's answer does not say who signed in")
    claims = await asyncio.to_thread(_verified, token, keys, expected)
    if claims.get("nonce") != expected.nonce:
        raise _unsound("the server's answer belongs to another login")
    if expected.subject and claims.get("sub") != expected.subject:
        raise LoginFailed(
            "another account signed in than the one that is connected",
            reason="refused",
            hint="koi disconnect chatgpt, then connect the other one.",
        )
    return claims


def _verified(token: Secret, keys: JsonObject, expected: Expected) -> JsonObject:
    import jwt

    try:
        text = token.reveal()
        header = jwt.get_unverified_header(text)
        usable = [key for key in jwt.PyJWKSet.from_dict(keys).keys if key.key_type == "RSA"]
        named = [key for key in usable if key.key_id == header.get("kid")] or usable
        if len(named) != 1:
            raise _unsound("the key of the signature is not one of the server's")
        claims: JsonObject = jwt.decode(
            text,
            named[0],
            algorithms=["RS256"],
            audience=expected.audience,
            issuer=expected.issuer,
            leeway=_LEEWAY_S,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
    except jwt.PyJWTError as error:
        # The library's own text may repeat what it was given.
        raise _unsound(f"who signed in cannot be proven ({type(error).__name__})") from None
    return claims


def _unsound(title: str) -> LoginFailed:
    return LoginFailed(
        title,
        reason="protocol",
        hint="Nothing was kept. Check the clock of this machine, then start again.",
    )
