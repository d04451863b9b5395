"""What koi keeps of one login, and how it stands in auth.json."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from koi.core.messages import JsonObject
from koi.core.secret import Secret

OAUTH = "oauth"
NEEDS_LOGIN = "needs_login"
_SHARED = 60.0
"""Seconds before its end at which a token whose life is not known is renewed."""
_LONGEST_MARGIN = 300.0


class TokenRecord(msgspec.Struct, frozen=True):
    """One login: its tokens, and what else must be known to use and to renew them."""

    access_token: Secret | None
    """None for a login that has ended, of which only `extra` is left."""
    refresh_token: Secret | None = None
    expires_at: float = 0.0
    """time.time() seconds by the clock of this machine; 0 for a token that does not end."""
    id_token: Secret | None = None
    extra: JsonObject = {}
    """Nothing secret: account, plan, client id, host id, place, when it was issued."""

    @property
    def account(self) -> str:
        """Whose login it is, "" when nobody said."""
        return self.text("account")

    @property
    def plan(self) -> str:
        """Which plan the account has, "" when nobody said."""
        return self.text("plan")

    @property
    def needs_login(self) -> str:
        """Why the person must connect again, "" when they need not."""
        return self.text(NEEDS_LOGIN)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Everything that must not be repeated."""
        tokens = (self.access_token, self.refresh_token, self.id_token)
        return tuple(token for token in tokens if token is not None)

    def text(self, name: str) -> str:
        """A word of `extra`, "" when it is missing or none."""
        value = self.extra.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> float:
        """A number of `extra`, 0 when it is missing or none."""
        return _number(self.extra.get(name))

    def ends_at(self) -> float | None:
        """When the access token ends, None when it does not."""
        return self.expires_at if self.expires_at > 0 else None

    def renew_at(self) -> float | None:
        """When it is time for a new one: 5 minutes early, or a tenth of a short life."""
        if not self.expires_at:
            return None
        issued = self.number("issued_at")
        life = self.expires_at - issued
        margin = min(_LONGEST_MARGIN, life / 10) if issued and life > 0 else _SHARED
        return max(self.expires_at - margin, self.number("earliest_refresh_at"))

    def with_extra(self, **more: object) -> TokenRecord:
        """The same with other words in `extra`; None and "" take one away."""
        extra = {k: v for k, v in (self.extra | more).items() if v is not None and v != ""}
        return msgspec.structs.replace(self, extra=extra)

    def ended(self, why: str) -> TokenRecord:
        """What is left of it when the server takes its tokens no more."""
        return TokenRecord(None, extra=self.with_extra(**{NEEDS_LOGIN: why}).extra)


def read_record(entry: object) -> TokenRecord | None:
    """The login in one entry of the file, None for something else."""
    if not isinstance(entry, dict) or entry.get("type") != OAUTH:
        return None
    extra = entry.get("extra")
    return TokenRecord(
        _secret(entry.get("access_token")),
        _secret(entry.get("refresh_token")),
        _number(entry.get("expires_at")),
        _secret(entry.get("id_token")),
        dict(extra) if isinstance(extra, dict) else {},
    )


def written_record(record: TokenRecord, before: object) -> JsonObject:
    """The entry for a login; fields of the one before that koi does not know are kept."""
    kept: Mapping[str, object] = before if isinstance(before, dict) else {}
    entry: JsonObject = {
        **kept,
        "type": OAUTH,
        "access_token": _revealed(record.access_token),
        "refresh_token": _revealed(record.refresh_token),
        "id_token": _revealed(record.id_token),
        "expires_at": int(record.expires_at) if record.expires_at % 1 == 0 else record.expires_at,
        "extra": record.extra,
    }
    return {name: value for name, value in entry.items() if value is not None}


def _secret(value: object) -> Secret | None:
    return Secret(value) if isinstance(value, str) and value else None


def _revealed(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    try:
        number = float(value)
    except OverflowError:
        return 0.0
    return number if math.isfinite(number) and number > 0 else 0.0
