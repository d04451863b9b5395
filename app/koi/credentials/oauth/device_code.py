"""The device flow as RFC 8628 has it, with the liberties that servers take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from koi.core.secret import Secret
from koi.credentials.logins.events import CodeIssued, LoginFailed
from koi.credentials.oauth.application import Application
from koi.credentials.oauth.device import Granted, Issued
from koi.credentials.oauth.pace import Pending, SlowDown, Undecided, Unreachable, expired
from koi.credentials.oauth.server_text import (
    error_code,
    interval_s,
    life_s,
    number,
    page_address,
    user_code,
)
from koi.credentials.oauth.token_server import Reply, TokenServer

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_DENIED = ("access_denied", "authorization_denied")
_EXPIRED = ("expired_token", "token_expired")
_DISABLED = ("device_flow_disabled",)


@dataclass(slots=True)
class DeviceCode:
    """One login at one server."""

    server: TokenServer
    application: Application
    asking: Mapping[str, str] = field(default_factory=dict)
    """Further fields of the request for a code."""
    polling: Mapping[str, Secret] = field(default_factory=dict)
    """Further fields of the questions about it."""
    expired_status: int | None = None
    """A status that means an expired code, whatever else is said."""
    _code: Secret | None = None

    async def ask(self) -> Issued:
        """Get a code. Raises LoginFailed, ProviderError."""
        application = self.application
        fields = {"client_id": application.client_id, **self.asking}
        if application.scope:
            fields["scope"] = application.scope
        reply = await self.server.form(application.device_url, fields)
        if not reply.good or error_code(reply.fields) or not reply.text("device_code"):
            raise not_issued(reply)
        self._code = Secret(reply.text("device_code"))
        return read_code(reply, application)

    async def poll(self) -> Undecided | Granted:
        """Ask about it once. Raises LoginFailed when it is decided, ProviderError."""
        assert self._code is not None, "a code is asked for first"
        fields = {
            "grant_type": GRANT,
            "client_id": self.application.client_id,
            "device_code": self._code.reveal(),
            **{name: value.reveal() for name, value in self.polling.items()},
        }
        return read_answer(
            await self.server.form(self.application.token_url, fields), self.expired_status
        )


def read_code(reply: Reply, application: Application) -> Issued:
    """The code that a person is shown. Raises LoginFailed (protocol)."""
    domains, own = application.page_domains, application.own_hosts
    address = reply.fields.get("verification_uri") or reply.fields.get("verification_url")
    shown = CodeIssued(
        user_code(reply.fields.get("user_code")),
        page_address(address, domains, own),
        page_address(reply.fields.get("verification_uri_complete"), domains, own),
        life_s(reply.fields.get("expires_in")),
    )
    return Issued(checked(shown), interval_s(reply.fields.get("interval")))


def checked(shown: CodeIssued) -> CodeIssued:
    """The same. Raises LoginFailed (protocol) when the code or its page cannot be shown."""
    if shown.user_code and shown.url:
        return shown
    missing = "page of its own" if shown.user_code else "code that a person can type"
    raise LoginFailed(
        f"the server's answer names no {missing}",
        reason="protocol",
        hint="Nothing was opened. Check the [oauth] tables of your configuration.",
    )


def not_issued(reply: Reply) -> LoginFailed:
    """Why a server gives no code."""
    code = error_code(reply.fields)
    if code in _DISABLED:
        return LoginFailed(
            "logins with a code are switched off for this application",
            reason="disabled",
            hint="Its owner must allow the device flow, or use another client_id.",
        )
    if reply.status >= 500 or reply.status == 429:
        return LoginFailed(
            f"the server gives no code now (status {reply.status})",
            reason="offline",
            hint="Try again in a few minutes.",
        )
    if reply.good and not code:
        return LoginFailed(
            "the server's answer holds no code", reason="protocol", hint="Try again later."
        )
    return refused(reply)


def read_answer(reply: Reply, expired_status: int | None = None) -> Undecided | Granted:
    """What an answer to a question means. Raises LoginFailed when it ends the login."""
    code = error_code(reply.fields)
    if reply.good and not code and reply.text("access_token"):
        return Granted(reply)
    if code == "authorization_pending":
        return Pending()
    if code == "slow_down":
        wanted = number(reply.fields.get("interval"))
        return SlowDown(interval_s(wanted) if wanted else None, reply.status == 429)
    if code in _DENIED:
        raise denied()
    if code in _EXPIRED or reply.status == expired_status:
        raise expired()
    if code in _DISABLED:
        raise not_issued(reply)
    if reply.status == 429:
        return SlowDown(reply.retry_after_s, too_many=True)
    if reply.status >= 500 or not reply.understood:
        note = f"the server answers with status {reply.status}"
        return Unreachable(note, reply.retry_after_s)
    if reply.good and not code:
        raise LoginFailed(
            "the server's answer holds neither a token nor an error",
            reason="protocol",
            hint="Try again later.",
        )
    raise refused(reply)


def denied() -> LoginFailed:
    """The person, or their organisation, said no."""
    return LoginFailed(
        "the login was declined",
        reason="denied",
        hint="Nothing was kept. Start again if that was a mistake.",
    )


def refused(reply: Reply) -> LoginFailed:
    """A refusal that trying again does not help. The code of the error is all that is repeated."""
    code = error_code(reply.fields)
    said = f"{code} (status {reply.status})" if code else f"status {reply.status}"
    return LoginFailed(
        f"the server refuses the login: {said}",
        reason="refused",
        hint="Check client_id and scope if your configuration sets them, else try again later.",
    )
