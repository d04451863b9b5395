"""When a server is asked again whether the person has entered the code. Pure: no clock, no network.

https://www.rfc-editor.org/rfc/rfc8628#section-3.5
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from koi.credentials.logins.events import LoginFailed, Waiting

_STEP_S = 5.0
_LONGEST_BACKOFF_S = 60.0
Slower: TypeAlias = Callable[[float], float]
"""The interval after a slow_down with status 429 that names none."""


class Pending(msgspec.Struct, frozen=True):
    """The person has not answered yet."""


class SlowDown(msgspec.Struct, frozen=True):
    """The server was asked too often; it may say which interval it wants."""

    interval_s: float | None = None
    too_many: bool = False
    """True when it came with the status of too many requests, for which vendors have own rules."""


class Unreachable(msgspec.Struct, frozen=True):
    """No answer that means anything: the network, a proxy, or a server in trouble."""

    note: str
    wait_s: float | None = None
    """What the server asks for, when it does."""


Undecided: TypeAlias = Pending | SlowDown | Unreachable


def five_more(interval: float) -> float:
    """What RFC 8628 says."""
    return interval + _STEP_S


class Pace:
    """The wait before each question: never shorter than the interval, never past the end."""

    def __init__(self, interval_s: float, expires_in_s: float, slower: Slower = five_more) -> None:
        self.interval_s = interval_s
        self._expires_in_s = expires_in_s
        self._slower = slower
        self._failures = 0

    def first(self) -> Waiting:
        """The wait before the first question."""
        return Waiting("pending", self.interval_s)

    def after(self, answer: Undecided, elapsed_s: float) -> Waiting:
        """The wait after an answer. Raises LoginFailed (expired) when the time is up."""
        left_s = self._expires_in_s - elapsed_s
        if left_s <= 0:
            raise expired()
        match answer:
            case Unreachable():
                wait_s = min(self.interval_s * 2**self._failures, _LONGEST_BACKOFF_S)
                self._failures = min(self._failures + 1, 10)
                wait_s = max(wait_s, min(answer.wait_s or 0.0, _LONGEST_BACKOFF_S))
                wait_s = max(self.interval_s, min(wait_s, left_s))
                return Waiting("offline", wait_s, answer.note)
            case SlowDown():
                self._failures = 0
                asked = answer.interval_s
                faster = asked is None or asked <= self.interval_s
                slower = self._slower if answer.too_many else five_more
                wanted = slower(self.interval_s) if asked is None or faster else asked
                self.interval_s = max(self.interval_s, wanted)
                return Waiting("slow_down", self.interval_s)
            case Pending():
                self._failures = 0
                return Waiting("pending", self.interval_s)


def expired() -> LoginFailed:
    """The code was not entered in time."""
    return LoginFailed(
        "the code was not entered in time", reason="expired", hint="Start again for a new code."
    )
