"""OpenAI's own device flow: JSON, "not yet" as 403 or 404, and a proof that the server makes."""

from __future__ import annotations

from dataclasses import dataclass

from koi.core.secret import Secret
from koi.credentials.logins.events import CodeIssued, LoginFailed
from koi.credentials.oauth.application import Application, origin_of
from koi.credentials.oauth.device import Granted, Issued
from koi.credentials.oauth.device_code import checked, denied, not_issued, refused
from koi.credentials.oauth.pace import Pending, SlowDown, Undecided, Unreachable, expired
from koi.credentials.oauth.server_text import (
    USUAL_LIFE_S,
    error_code,
    interval_s,
    page_address,
    user_code,
)
from koi.credentials.oauth.token_server import Reply, TokenServer

PAGE = "/codex/device"
CALLBACK = "/deviceauth/callback"
SETTINGS = "https://chatgpt.com/#settings/Security"


@dataclass(slots=True)
class CodexDevice:
    """One login. The server says nothing about the end of its codes: it is 15 minutes."""

    server: TokenServer
    application: Application
    _asked: dict[str, Secret] | None = None

    async def ask(self) -> Issued:
        """Get a code. Raises LoginFailed, ProviderError."""
        application = self.application
        fields = {"client_id": application.client_id}
        reply = await self.server.json(application.device_url, fields)
        if reply.status == 404:
            raise _switched_off()
        code = user_code(reply.fields.get("user_code") or reply.fields.get("usercode"))
        identity = reply.text("device_auth_id")
        if not reply.good or error_code(reply.fields) or not identity:
            raise not_issued(reply)
        self._asked = {"device_auth_id": Secret(identity), "user_code": Secret(code)}
        named = reply.fields.get("verification_uri") or reply.fields.get("verification_url")
        address = named or f"{origin_of(application.device_url)}{PAGE}"
        url = page_address(address, application.page_domains, application.own_hosts)
        shown = checked(CodeIssued(code, url, expires_in_s=USUAL_LIFE_S))
        return Issued(shown, interval_s(reply.fields.get("interval")))

    async def poll(self) -> Undecided | Granted:
        """Ask about it once. Raises LoginFailed when it is decided, ProviderError."""
        assert self._asked is not None, "a code is asked for first"
        base = self.application.device_url.rpartition("/")[0]
        fields = {name: value.reveal() for name, value in self._asked.items()}
        return _read(await self.server.json(f"{base}/token", fields))

    @property
    def redirect_url(self) -> str:
        """What the code of the grant is bound to."""
        return f"{origin_of(self.application.device_url)}{CALLBACK}"


def _read(reply: Reply) -> Undecided | Granted:
    if reply.good and reply.text("authorization_code") and reply.text("code_verifier"):
        return Granted(reply)
    match error_code(reply.fields):
        case "access_denied" | "authorization_denied":
            raise denied()
        case "expired_token" | "token_expired":
            raise expired()
        case "slow_down":
            return SlowDown()
    if reply.status in (403, 404):
        return Pending()
    if reply.status == 429:
        return SlowDown(reply.retry_after_s)
    if reply.status >= 500 or not reply.understood:
        note = f"the server answers with status {reply.status}"
        return Unreachable(note, reply.retry_after_s)
    if reply.good:
        raise LoginFailed(
            "the server's answer holds no code for tokens",
            reason="protocol",
            hint="Try again later, or sign in with the browser.",
        )
    raise refused(reply)


def _switched_off() -> LoginFailed:
    return LoginFailed(
        "logins with a code are not switched on for this account",
        reason="disabled",
        hint=f"Switch on device code login in ChatGPT's security settings ({SETTINGS}); in a "
        "workspace its admin must allow it. Or sign in with the browser.",
    )
