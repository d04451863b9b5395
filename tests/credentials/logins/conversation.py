"""A login from its first event to its last, against a server on loopback."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from koi.core.secret import Secret
from koi.credentials.logins.events import LoginEvent, LoginFailed, Waiting
from koi.credentials.logins.login import Clock, LoginContext
from koi.credentials.logins.table import find_login
from koi.credentials.stores.auth_file import AuthFile
from koi.credentials.stores.token_record import TokenRecord
from tests.configurations import paths_in, registry_of
from tests.credentials.fake_clock import FakeClock
from tests.servers.oauth_server import CANARY


class Conversation:
    """Holds what was said; nothing in it may be a secret."""

    def __init__(
        self, folder: Path, configuration: str, *, domain: str = "", real_time: bool = False
    ) -> None:
        self.time = FakeClock()
        self.events: list[LoginEvent] = []
        self.folder = folder
        registry = registry_of(folder, configuration)
        clock = Clock() if real_time else self.time.clock
        self.context = LoginContext(registry, domain, clock=clock)
        self.on_event: Callable[[LoginEvent], Awaitable[None]] | None = None

    async def run(self, name: str, method: str = "") -> LoginEvent:
        """Do the login; its last event."""
        login = find_login(name)
        assert login is not None
        way = next(each for each in login.methods if each.name == (method or login.methods[0].name))
        async with contextlib.aclosing(way.start(self.context)) as events:
            async for event in events:
                self.events.append(event)
                assert CANARY not in repr(event)
                if self.on_event is not None:
                    await self.on_event(event)
        return self.events[-1]

    async def fails(self, name: str, method: str = "") -> LoginFailed:
        """Do the login, which fails; with what. No part of the error holds a secret.

        No token is kept, and none is lost that was there before.
        """
        before = self._tokens
        with pytest.raises(LoginFailed) as caught:
            await self.run(name, method)
        told = "".join(traceback.format_exception(caught.value))
        assert CANARY not in told + caught.value.title + caught.value.hint + repr(caught.value)
        assert self._tokens == before or caught.value.reason == "storage"
        return caught.value

    @property
    def _tokens(self) -> list[Secret]:
        records = self.records.values()
        return [secret for record in records for secret in record.secrets]

    @property
    def waits(self) -> list[tuple[str, float]]:
        """Why and how long it waited, in order."""
        return [(event.reason, event.wait_s) for event in self.events if isinstance(event, Waiting)]

    @property
    def records(self) -> dict[str, TokenRecord]:
        """What is in auth.json now."""
        return AuthFile(paths_in(self.folder).auth_file).read().records
