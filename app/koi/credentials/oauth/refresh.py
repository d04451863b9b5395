"""Trades a refresh token for new tokens: one question, and what its answer means."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from koi.core.errors import ErrorKind, ProviderError
from koi.core.messages import JsonObject
from koi.core.secret import Secret
from koi.credentials.logins.events import LoginFailed
from koi.credentials.oauth.server_text import error_code
from koi.credentials.oauth.token_server import Reply, TokenServer
from koi.credentials.oauth.tokens import read_tokens, token
from koi.credentials.stores.token_record import TokenRecord
from koi.net.policy import NetworkPolicy

ENDED = frozenset(
    {
        "invalid_grant",
        "invalid_refresh_token",
        "bad_refresh_token",
        "token_expired",
        "refresh_token_expired",
        "refresh_token_invalidated",
        "refresh_token_reused",
    }
)
"""Codes after which a refresh token is worth nothing."""


class LoginEnded(Exception):
    """The server takes the refresh token no more: the person must connect again."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _nothing(reply: Reply, record: TokenRecord) -> JsonObject:
    return {}


@dataclass(frozen=True, slots=True)
class RefreshRule:
    """How one server renews."""

    url: str
    client_id: str
    policy: NetworkPolicy
    fields: Mapping[str, str] = field(default_factory=dict)
    """What is sent beside client id and token."""
    as_json: bool = False
    ended_statuses: frozenset[int] = frozenset()
    """Statuses that end the login whatever the code is."""
    more: Callable[[Reply, TokenRecord], JsonObject] = _nothing
    """What of a good reply, whose tokens are read already, belongs to the login beside them."""
    readable: Callable[[Reply], Reply] = lambda reply: reply
    """A reply of a server with words of its own, in those of the standard."""


async def renewed(
    rule: RefreshRule, record: TokenRecord, now: Callable[[], float] = time.time
) -> TokenRecord:
    """The login with new tokens. What the reply leaves out stays as it was.

    Raises LoginEnded, and ProviderError for what may be better the next time.
    """
    old = record.refresh_token
    if old is None:
        raise LoginEnded("no refresh token")
    asked = {
        "grant_type": "refresh_token",
        "client_id": rule.client_id,
        "refresh_token": old.reveal(),
        **rule.fields,
    }
    async with TokenServer(rule.policy) as server:
        ask = server.json if rule.as_json else server.form
        reply = rule.readable(await ask(rule.url, asked))
    code = error_code(reply.fields)
    if reply.good and not code and reply.understood:
        return _joined(record, old, reply, rule, now())
    if code in ENDED or (reply.understood and reply.status in rule.ended_statuses):
        raise LoginEnded(code or f"status {reply.status}")
    kind: ErrorKind = "rate_limit" if reply.status == 429 else "overloaded"
    said = f"{code}, status {reply.status}" if code else f"status {reply.status}"
    raise ProviderError(
        f"the login could not be renewed now ({said})",
        kind=kind,
        hint="Try again in a minute.",
        status=reply.status,
        retry_after_s=reply.retry_after_s,
    )


def _joined(
    record: TokenRecord, old: Secret, reply: Reply, rule: RefreshRule, now: float
) -> TokenRecord:
    rotated = token(reply, "refresh_token") or old
    try:
        new = read_tokens(reply, now)
    except LoginFailed as error:
        if rotated == old:
            raise ProviderError(error.title, kind="protocol", hint=error.hint) from error
        return msgspec.structs.replace(record, refresh_token=rotated)
    joined = msgspec.structs.replace(
        new, refresh_token=rotated, id_token=new.id_token or record.id_token, extra=record.extra
    )
    return joined.with_extra(**new.extra, **rule.more(reply, new))
