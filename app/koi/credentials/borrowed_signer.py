"""Sends a token that belongs to another program: as koi, to its own place, until it is refused."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Hashable
from contextlib import suppress

from koi.config.paths import Paths
from koi.core.errors import CredentialMissing, ProviderError
from koi.core.secret import Secret, without_secrets
from koi.credentials.aside import finished
from koi.credentials.carried import Carried
from koi.credentials.refusals import refusal_of, remember_refusal
from koi.credentials.sources.borrowed import Borrowed, BorrowedToken
from koi.credentials.sources.offer import has_ended
from koi.net.hosts import host_of

_OWN_APPS_ONLY = re.compile(r"only authorized for use with", re.IGNORECASE)
"""How Anthropic says with a 400 that it takes the token from its own programs only."""


class BorrowedSigner:
    """Reads the token when it is needed, and again whenever it may have changed."""

    def __init__(self, borrowed: Borrowed, base_url: str, paths: Paths) -> None:
        self._borrowed = borrowed
        self._host = host_of(base_url)
        self._paths = paths
        self._token: BorrowedToken | None = None
        self._stamp: Hashable = None
        self._sent: tuple[Secret, ...] = ()
        self._carried = Carried()
        self._lock = asyncio.Lock()

    async def headers(self, method: str, url: str, body: bytes) -> dict[str, str]:
        """The bearer of now. Raises CredentialMissing: it is gone, over, or was refused."""
        token = await self._current()
        if host_of(url) != self._host or host_of(token.base_url or url) != self._host:
            raise CredentialMissing(
                f"{self._borrowed.title} is valid at another place than {host_of(url)}",
                hint="Start koi again: it has changed since koi began.",
            )
        if token.secret not in self._sent:
            self._sent = (*self._sent, token.secret)
        self._carried.note(token.secret)
        return {"Authorization": f"Bearer {token.secret.reveal()}", **token.headers}

    async def base_url(self, configured: str) -> str:
        """As configured: the place was settled when the token was found."""
        return configured

    async def refused(self, error: ProviderError) -> bool:
        """True when its owner has renewed it meanwhile; else it is left alone until koi ends."""
        if error.status == 400 and not _OWN_APPS_ONLY.search(error.title):
            return False
        sent = self._carried.here
        if sent is None:
            return False
        if self._token is not None and self._token.secret == sent:
            self._token = None
        with suppress(CredentialMissing):
            if (await self._current()).secret != sent:
                return True
        words = without_secrets(error.title, self._sent)
        remember_refusal(self._paths, self._borrowed.consent, words)
        error.kind = "auth"
        error.hint = (
            f"{self._borrowed.title} is not used any more until koi ends. {self._borrowed.way_out}"
        )
        return False

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every token that was sent."""
        return self._sent

    async def _current(self) -> BorrowedToken:
        borrowed = self._borrowed
        if words := refusal_of(self._paths, borrowed.consent):
            raise CredentialMissing(f"{borrowed.title} was refused: {words}", hint=borrowed.way_out)
        async with self._lock:
            stamp = borrowed.stamp()
            if self._token is None or stamp != self._stamp or has_ended(self._token.expires_at):
                self._token, self._stamp = await self._read(), stamp
            return self._token

    async def _read(self) -> BorrowedToken:
        borrowed = self._borrowed
        try:
            async with asyncio.timeout(borrowed.patience_s):
                return await finished(borrowed.title, borrowed.read)
        except TimeoutError:
            raise CredentialMissing(
                f"{borrowed.title} was not given within {borrowed.patience_s:g} s",
                hint=borrowed.way_out,
            ) from None
