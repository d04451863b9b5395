"""Trades the code of a finished login for tokens; it works once, so little is left to chance."""

from __future__ import annotations

from collections.abc import Mapping

from koi.core.errors import ProviderError
from koi.credentials.logins.events import LoginFailed
from koi.credentials.logins.login import Clock
from koi.credentials.oauth.device import unreachable
from koi.credentials.oauth.device_code import denied, refused
from koi.credentials.oauth.server_text import error_code
from koi.credentials.oauth.token_server import Reply, TokenServer

_TRIES = 3


async def trade_code(
    server: TokenServer, url: str, fields: Mapping[str, str], clock: Clock
) -> Reply:
    """The reply with tokens. A network that is lost is tried again. Raises LoginFailed."""
    tried = 0
    while True:
        tried += 1
        try:
            reply = await server.form(url, {"grant_type": "authorization_code", **fields})
        except ProviderError as error:
            if error.kind not in ("network", "timeout") or tried == _TRIES:
                raise unreachable(error) from error
        else:
            if reply.good and reply.text("access_token") and not error_code(reply.fields):
                return reply
            if reply.status < 500:
                raise denied() if error_code(reply.fields) == "access_denied" else refused(reply)
            if tried == _TRIES:
                raise LoginFailed(
                    f"the server gives no tokens now (status {reply.status})",
                    reason="offline",
                    hint="Start again in a few minutes.",
                )
        await clock.sleep(float(tried))
