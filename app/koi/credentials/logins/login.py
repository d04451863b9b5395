"""The shape of a login: who it is for, what the vendor says about it, and how it is done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

import msgspec

from koi.catalogue.registry import Registry
from koi.config.config import Config
from koi.core.errors import UsageError
from koi.credentials.logins.events import LoginEvent

MethodName: TypeAlias = Literal["device", "browser"]


class Terms(msgspec.Struct, frozen=True):
    """What the vendor has said about other programs using its logins. Shown before each login."""

    sentence: str
    link: str
    without_own_id: str = ""
    """Said as well as long as the person has configured no application of their own."""

    def said(self, name: str, config: Config) -> str:
        """The sentences for this person, `name` being that of the login."""
        table = config.tables.oauth.get(name)
        own = table is not None and table.client_id
        return self.sentence if own else f"{self.sentence} {self.without_own_id}".rstrip()


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as a login sees it, so that tests need not wait."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class LoginContext:
    """What a login gets: the person's own configuration, and what they say meanwhile."""

    registry: Registry
    domain: str = ""
    """The domain of an enterprise, as the person typed it; "" for the public service."""
    pasted: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    """Addresses that the person pasted because their browser could not reach this machine."""
    clock: Clock = field(default_factory=Clock)


class LoginMethod(Protocol):
    """One way to log in."""

    @property
    def name(self) -> MethodName:
        """How it is chosen."""
        ...

    @property
    def title(self) -> str:
        """In words: "a code on any device"."""
        ...

    @property
    def terms(self) -> Terms:
        """What the vendor says about this way."""
        ...

    def start(self, context: LoginContext) -> AsyncGenerator[LoginEvent, None]:
        """Do it. The last event is Connected; by then the tokens are in koi's store.

        Raises LoginFailed. Closing the generator cancels the login; nothing is kept then.
        """
        ...


@dataclass(frozen=True, slots=True)
class Login:
    """One login of the table in `logins/table.py`."""

    name: str
    """The name of its `[oauth.NAME]`, and of its target unless `target` says otherwise."""
    provider: str
    """The slug of the provider that it is for."""
    title: str
    """GitHub Copilot, ChatGPT, …"""
    methods: tuple[LoginMethod, ...]
    """The first one is the default."""
    aliases: tuple[str, ...] = ()
    takes_domain: bool = False
    """True when an enterprise has a place of its own, whose domain the person types."""
    target: str = ""
    """The target whose first way it is, when that is not called like the login."""

    def chosen(self, method: str, domain: str) -> tuple[LoginMethod, ...]:
        """The ways that the command line leaves open. Raises UsageError when there is none."""
        if domain and not self.takes_domain:
            raise UsageError(f"{self.title} takes no --domain", hint="Leave it out.")
        found = tuple(each for each in self.methods if method in ("", each.name))
        if not found:
            names = " or ".join(each.name for each in self.methods)
            raise UsageError(f"{self.title} has no login by {method}", hint=f"It has: {names}.")
        return found

    def other_than(self, method: LoginMethod) -> LoginMethod | None:
        """Another way, for when one is switched off."""
        return next((each for each in self.methods if each.name != method.name), None)

    @property
    def command(self) -> str:
        """What leads to this login at once, on any terminal."""
        return f"koi connect {self.target or self.name}"
