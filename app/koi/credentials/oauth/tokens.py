"""The tokens in a server's reply, and how long they last by the clock of this machine."""

from __future__ import annotations

import re

from koi.core.secret import Secret
from koi.credentials.logins.events import LoginFailed
from koi.credentials.oauth.claims import claims_of
from koi.credentials.oauth.server_text import number
from koi.credentials.oauth.token_server import Reply
from koi.credentials.stores.token_record import TokenRecord

_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")
_LONGEST_S = 10 * 366 * 86400.0


def read_tokens(reply: Reply, now: float) -> TokenRecord:
    """The tokens of a good reply that came at the time `now`. Raises LoginFailed (protocol)."""
    access = token(reply, "access_token")
    if access is None:
        raise LoginFailed(
            "the server's answer holds no access token",
            reason="protocol",
            hint="Try again later; if it stays so, koi and the server do not fit any more.",
        )
    return TokenRecord(
        access,
        token(reply, "refresh_token"),
        _expiry(reply, access, now),
        token(reply, "id_token"),
        {"issued_at": round(now, 3)},
    )


def token(reply: Reply, name: str) -> Secret | None:
    """One token of a reply, None when it is missing or cannot be part of a header."""
    value = reply.text(name)
    return Secret(value) if _TOKEN.fullmatch(value) else None


def _expiry(reply: Reply, access: Secret, now: float) -> float:
    lasts = number(reply.fields.get("expires_in"))
    if lasts is None:
        ends = number(claims_of(access).get("exp"))
        issued = number(claims_of(access).get("iat"))
        if ends is None:
            return 0.0
        # The server's own clock says how long it lasts; ours says when that is over.
        lasts = ends - issued if issued is not None else ends - now
    return round(now + min(max(lasts, 0.0), _LONGEST_S), 3) if lasts > 0 else 0.0
