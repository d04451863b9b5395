"""Keeps one login alive: renewed in time, by one process at a time, kept before it is used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from koi.core.errors import ProviderError, StorageError
from koi.core.secret import Secret
from koi.credentials.logins.login import Clock
from koi.credentials.oauth.refresh import LoginEnded
from koi.credentials.oauth.uninterrupted import start_uninterrupted
from koi.credentials.stores.auth_file import AuthFile, Stamp
from koi.credentials.stores.token_record import TokenRecord
from koi.files.atomic import create_private_folder
from koi.files.lock import HeldLock, acquire

LOCK_S = 45.0
"""Longer than one exchange with the server may take (30 s)."""
REST_S = 30.0
"""Between two attempts."""
_NETWORK_REST_S = 3.0
SKEW_S = 300.0
"""How far a clock may have been corrected since a token came."""
Refresh: TypeAlias = Callable[[TokenRecord], Awaitable[TokenRecord]]
"""Raises LoginEnded, ProviderError."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a login is kept, and what people call it."""

    store: AuthFile
    provider: str
    command: str
    """What logs in again."""
    title: str

    @property
    def lock(self) -> Path:
        """Who has this lock renews. The file is never removed: a lock belongs to its inode."""
        return self.store.path.with_name(f"auth.{self.provider}.lock")

    def ended(self, why: str) -> ProviderError:
        """The error of a login that is over."""
        return ProviderError(
            f"the login of {self.title} has ended ({why})",
            kind="auth",
            hint=f"Connect again: {self.command}",
        )


class Renewal:
    """The tokens of one login, for any number of requests at the same time."""

    def __init__(self, kept: Kept, refresh: Refresh, clock: Clock | None = None) -> None:
        self._kept = kept
        self._refresh = refresh
        self._clock = clock or Clock()
        self._lock = asyncio.Lock()
        self._stamp: Stamp | None = None
        self._record: TokenRecord | None = None
        self._failed: tuple[float, ProviderError] | None = None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Everything that must not be repeated."""
        return () if self._record is None else self._record.secrets

    async def current(self) -> TokenRecord:
        """The login with a token that can be sent now. Raises ProviderError."""
        async with self._lock:
            with suppress(StorageError):  # it was said when it could not be saved
                self._kept.store.save_held(self._kept.provider)
            record = self._living()
            due = record.renew_at()
            if due is None or self._clock.wall() < due:
                return record
            valid = self._clock.wall() < record.expires_at
            if record.refresh_token is None:
                if valid:
                    return record
                raise self._kept.ended("its time is over")
            try:
                return await self._renewed(record)
            except ProviderError:
                if not valid:
                    raise
                return self._living()

    async def refused(self, used: Secret, error: ProviderError) -> bool:
        """A server refused a token. True when there is another one now. Raises ProviderError."""
        async with self._lock:
            record = self._living()
            if record.access_token != used:
                return True
            error.hint = self._kept.ended("").hint
            now = self._clock.wall()
            issued = record.number("issued_at")
            young = abs(now - issued) < _trust_s(record)
            early = now < record.number("earliest_refresh_at")
            # A token from the future was kept under a wrong clock: its times say nothing.
            early = early and issued - now < SKEW_S
            if record.refresh_token is None or early or (young and now < record.expires_at):
                return False
            return (await self._renewed(record)).access_token != used

    async def end(self, used: Secret, why: str) -> ProviderError:
        """The vendor itself says that a token is worth nothing: remember it. The error to raise."""
        async with self._lock:
            record = self._look()
            if record is not None and record.access_token == used:
                self._keep(record, record.ended(why))
            return self._kept.ended(why)

    def _living(self) -> TokenRecord:
        """The login as it is kept now. Raises ProviderError when it is over."""
        record = self._look()
        if record is None:
            raise self._kept.ended("auth.json holds it no more")
        if record.access_token is None:
            raise self._kept.ended(record.needs_login or "it has no token")
        return record

    def _look(self) -> TokenRecord | None:
        """The login, read again when the file changed: another koi may have renewed it."""
        stamp = self._kept.store.stamp()
        if self._record is None or stamp != self._stamp or stamp is None:
            try:
                self._record = self._kept.store.get(self._kept.provider)
            except StorageError as error:
                raise _unstored(error) from error
            self._stamp = stamp
        return self._record

    async def _renewed(self, record: TokenRecord) -> TokenRecord:
        self._rest()
        try:
            create_private_folder(self._kept.store.path.parent)
            held = await acquire(self._kept.lock, timeout_s=LOCK_S)
        except StorageError as error:
            raise _unstored(error) from error
        try:
            done = start_uninterrupted("login", lambda: self._exchange(held, record))
        except RuntimeError as error:
            held.release()
            raise ProviderError(
                "the login could not be renewed: no thread can be started",
                kind="overloaded",
                hint="Close other programs.",
            ) from error
        try:
            await done
        except ProviderError as error:
            self._failed = (self._clock.monotonic(), error)
            raise
        self._failed = None
        self._stamp = None
        self._record = None
        return self._living()

    def _rest(self) -> None:
        """Raises the error of the last attempt as long as it is too early for another one."""
        if self._failed is None:
            return
        at, error = self._failed
        rest_s = _NETWORK_REST_S if error.kind == "network" else REST_S
        if self._clock.monotonic() - at < rest_s:
            raise ProviderError(
                error.title, kind=error.kind, hint=error.hint, retry_after_s=error.retry_after_s
            )

    async def _exchange(self, held: HeldLock, record: TokenRecord) -> None:
        """With the lock: look again, ask, keep. In a thread of its own, to its end."""
        try:
            store, provider = self._kept.store, self._kept.provider
            now = store.get(provider)
            if now is None or now.access_token != record.access_token:
                return  # another koi renewed it, or it is gone
            store.check_writable()  # a token that works once is not spent for nothing
            try:
                new = await self._refresh(now)
            except LoginEnded as over:
                new = now.ended(over.code)
            self._keep(now, new)
        except StorageError as error:
            raise _unstored(error) from error
        finally:
            held.release()

    def _keep(self, old: TokenRecord, new: TokenRecord) -> None:
        """Write it down; when the disk is full it is kept in memory, and said."""
        store, provider = self._kept.store, self._kept.provider
        try:
            store.replace(provider, old, new)
        except StorageError as error:
            store.hold(provider, new)
            log.warning("the renewed login of %s could not be saved: %s", provider, error)


def _trust_s(record: TokenRecord) -> float:
    """How long a new token is believed in, whatever is said of it."""
    life = record.expires_at - record.number("issued_at")
    return min(REST_S, life / 2) if life > 0 else REST_S


def _unstored(error: StorageError) -> ProviderError:
    return ProviderError(error.title, kind="auth", hint=error.hint)
