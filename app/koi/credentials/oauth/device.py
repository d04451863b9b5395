"""A login with a code: shows the code, then asks the server until the person has answered."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol, TypeAlias

import msgspec

from koi.core.errors import ProviderError
from koi.credentials.logins.events import CodeIssued, FailureReason, LoginFailed, Waiting
from koi.credentials.logins.login import Clock
from koi.credentials.oauth.pace import Pace, Slower, Undecided, Unreachable, five_more
from koi.credentials.oauth.token_server import Reply

_NETWORK = ("network", "timeout")


class Issued(msgspec.Struct, frozen=True):
    """A code and its terms."""

    shown: CodeIssued
    interval_s: float


class Granted(msgspec.Struct, frozen=True):
    """The person said yes; the reply holds what the server gives for it."""

    reply: Reply


Step: TypeAlias = CodeIssued | Waiting | Granted


class DeviceFlow(Protocol):
    """What differs between servers: how a code is asked for, and how one asks about it."""

    async def ask(self) -> Issued:
        """Get a code. Raises LoginFailed, ProviderError."""
        ...

    async def poll(self) -> Undecided | Granted:
        """Ask about it once. Raises LoginFailed when it is decided, ProviderError."""
        ...


async def enter_code(
    flow: DeviceFlow, clock: Clock, slower: Slower = five_more
) -> AsyncGenerator[Step, None]:
    """The code, the waiting, and at last the grant. Raises LoginFailed."""
    try:
        issued = await flow.ask()
    except ProviderError as error:
        raise unreachable(error) from error
    began, began_wall = clock.monotonic(), clock.wall()
    yield issued.shown
    pace = Pace(issued.interval_s, issued.shown.expires_in_s, slower)
    waiting = pace.first()
    while True:
        yield waiting
        await clock.sleep(waiting.wait_s)
        try:
            answer = await flow.poll()
        except ProviderError as error:
            if error.kind not in _NETWORK:
                raise unreachable(error) from error
            answer = Unreachable(error.title)
        if isinstance(answer, Granted):
            yield answer
            return
        # A machine that slept has a monotonic clock that did not run.
        elapsed_s = max(clock.monotonic() - began, clock.wall() - began_wall)
        waiting = pace.after(answer, elapsed_s)


def unreachable(error: ProviderError) -> LoginFailed:
    """A failure below the protocol, as the end of a login."""
    reason: FailureReason = "offline" if error.kind in _NETWORK else "protocol"
    if error.kind == "network_policy":
        reason = "refused"
    return LoginFailed(error.title, reason=reason, hint=error.hint)
