"""The answer of a sign-in page, as it comes in an address. Checked before anything is believed."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from koi.core.secret import Secret
from koi.credentials.logins.events import LoginFailed
from koi.credentials.oauth.device_code import denied
from koi.credentials.oauth.server_text import cleaned

LONGEST = 16 * 1024
_DENIED = ("access_denied", "login_cancelled", "user_cancelled")


class NotOurs(Exception):
    """An address that does not belong to this login; the text says in words why."""


@dataclass(frozen=True, slots=True)
class Callback:
    """A good answer."""

    code: Secret
    client_id: str = ""
    scope: str = ""


def query_of(pasted: str) -> str:
    """The answer in what a person pasted: a whole address, or what comes after its "?"."""
    text = pasted.strip()
    if "://" not in text and "?" not in text:
        return text
    try:
        return urlsplit(text).query
    except ValueError:
        return ""


def read_callback(query: str, state: str) -> Callback:
    """The answer in a query. Raises NotOurs, and LoginFailed for an answer that says no."""
    if len(query) > LONGEST:
        raise NotOurs("the address is too long")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError as error:
        raise NotOurs("the address cannot be read") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise NotOurs("the address names something twice")
    if not hmac.compare_digest(fields.get("state", "").encode(), state.encode()):
        raise NotOurs("the address does not belong to this login")
    if refusal := cleaned(fields.get("error", "")):
        if refusal in _DENIED:
            raise denied()
        raise LoginFailed(
            f"the sign-in page answers with an error: {refusal}",
            reason="refused",
            hint="Start again, or log in with a code.",
        )
    code = fields.get("code", "")
    if not code.isascii() or not code.isprintable() or not code:
        raise LoginFailed(
            "the answer of the sign-in page holds no code", reason="protocol", hint="Start again."
        )
    return Callback(Secret(code), fields.get("client_id", ""), fields.get("scope", ""))
