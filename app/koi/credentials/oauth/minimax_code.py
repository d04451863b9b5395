"""MiniMax's device flow: milliseconds, a state, and `status` in place of errors."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace

from koi.core.messages import JsonObject
from koi.credentials.logins.events import CodeIssued, LoginFailed
from koi.credentials.logins.login import Clock
from koi.credentials.oauth.application import Application
from koi.credentials.oauth.device import Granted, Issued
from koi.credentials.oauth.device_code import checked, not_issued, read_answer
from koi.credentials.oauth.pace import Pending, Undecided
from koi.credentials.oauth.pkce import Proof, random_text
from koi.credentials.oauth.server_text import (
    cleaned,
    interval_s,
    life_s,
    number,
    page_address,
    user_code,
)
from koi.credentials.oauth.token_server import Reply, TokenServer

GRANT = "urn:ietf:params:oauth:grant-type:user_code"
_MILLISECONDS = 1e11
_EPOCH_SECONDS = 1e9


@dataclass(slots=True)
class MiniMaxCode:
    """One login."""

    server: TokenServer
    application: Application
    clock: Clock
    proof: Proof = field(default_factory=Proof)
    _code: str = ""

    async def ask(self) -> Issued:
        """Get a code. Raises LoginFailed, ProviderError."""
        application, state = self.application, random_text()
        fields = {
            "response_type": "code",
            "client_id": application.client_id,
            "scope": application.scope,
            "state": state,
            **self.proof.fields(),
        }
        reply = await self.server.form(application.device_url, fields)
        if not reply.good or not reply.text("user_code"):
            raise not_issued(in_standard_words(reply, self.clock.wall()))
        if not hmac.compare_digest(reply.text("state").encode(), state.encode()):
            raise LoginFailed(
                "the server's answer belongs to another login",
                reason="protocol",
                hint="Start again.",
            )
        self._code = user_code(reply.text("user_code"))
        domains, own = application.page_domains, application.own_hosts
        url = page_address(reply.fields.get("verification_uri"), domains, own)
        lasts = seconds_until(reply.fields.get("expired_in"), self.clock.wall())
        shown = checked(CodeIssued(self._code, url, expires_in_s=life_s(lasts)))
        return Issued(shown, interval_s(reply.fields.get("interval"), per_second=1000))

    async def poll(self) -> Undecided | Granted:
        """Ask about it once. Raises LoginFailed when it is decided, ProviderError."""
        fields = {
            "grant_type": GRANT,
            "client_id": self.application.client_id,
            "user_code": self._code,
            "code_verifier": self.proof.verifier.reveal(),
        }
        reply = await self.server.form(self.application.token_url, fields)
        if reply.text("status") == "pending":
            return Pending()
        return read_answer(in_standard_words(reply, self.clock.wall()))


def in_standard_words(reply: Reply, now: float) -> Reply:
    """The reply as other servers would give it."""
    fields: JsonObject = dict(reply.fields)
    if (ends := fields.pop("expired_in", None)) is not None:
        fields["expires_in"] = seconds_until(ends, now)
    if fields.get("status") == "error" and "error" not in fields:
        said = fields.get("base_resp")
        code = said.get("status_code") if isinstance(said, dict) else None
        fields["error"] = f"error {cleaned(code)}" if code else "error"
    return replace(reply, fields=fields)


def seconds_until(value: object, now: float) -> float | None:
    """Seconds until an end that is relative, or absolute in seconds or milliseconds."""
    found = number(value)
    if found is None:
        return None
    if found >= _MILLISECONDS:
        return found / 1000 - now
    return found - now if found >= _EPOCH_SECONDS else found
