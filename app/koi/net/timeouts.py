"""The timers of one exchange, and the guard that ends a read when its time is up."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable
from typing import TypeVar

import msgspec

from koi.core.errors import ProviderError

T = TypeVar("T")
CHECK_S = 4.0
"""How often a waiting read looks at its timers, in seconds."""
SLEEP_S = 30.0
"""A wall clock that runs ahead by this much means that the machine slept."""


class Timeouts(msgspec.Struct, frozen=True):
    """Seconds. Comments and pings do not count as data: only events do."""

    connect_s: float = 10.0
    first_byte_s: float = 120.0
    """From the request on its way to the first data of the answer."""
    idle_s: float = 300.0
    """Several providers send nothing while a model thinks."""
    total_s: float | None = None
    """For the whole exchange, None for as long as data comes."""
    quick_idle_s: float | None = None
    """`idle_s` for models that are known not to think, None for the same."""

    def for_quick_model(self) -> Timeouts:
        """The same for a model that is known not to think."""
        if self.quick_idle_s is None:
            return self
        return msgspec.structs.replace(self, idle_s=self.quick_idle_s)


REMOTE = Timeouts(quick_idle_s=90.0)
LOCAL = Timeouts(first_byte_s=600.0, idle_s=600.0)


class ReadGuard:
    """Bounds the time spent waiting for data; the reader's own work does not count.

    One timer serves the whole exchange, because a timer for each chunk would cost more than
    reading it. The whole exchange, `total_s`, ends by the clock whoever works.
    """

    __slots__ = (
        "_end",
        "_failure",
        "_handle",
        "_limit_s",
        "_loop",
        "_offset",
        "_since",
        "_spent",
        "_task",
        "_total_s",
    )

    def __init__(self, limit_s: float, total_s: float | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._limit_s = limit_s
        self._total_s = total_s
        self._end = math.inf if total_s is None else time.monotonic() + total_s
        self._spent = 0.0
        self._since = 0.0
        self._task: asyncio.Task[object] | None = None
        self._failure: ProviderError | None = None
        self._offset = time.time() - time.monotonic()
        self._handle = self._loop.call_later(min(limit_s, CHECK_S, total_s or CHECK_S), self._check)

    async def bound(self, work: Awaitable[T]) -> T:
        """Wait for `work` as long as there is time. Raises ProviderError (timeout).

        When the time for the whole exchange is over already, `work` is ended at its first wait.
        """
        self._task = asyncio.current_task()
        self._since = time.monotonic()
        if self._since >= self._end:
            self._handle.cancel()
            self._handle = self._loop.call_later(0, self._check)
        try:
            return await work
        except asyncio.CancelledError:
            if self._failure is None or self._task is None or self._task.uncancel() > 0:
                raise
            raise self._failure from None
        finally:
            self._task = None
            self._spent += time.monotonic() - self._since

    def sent(self, first_byte_s: float) -> None:
        """The connection stands and the request goes out: the time for an answer begins."""
        self._since = time.monotonic()
        self.data_seen(first_byte_s)

    def data_seen(self, idle_s: float) -> None:
        """Data came: from now on, `idle_s` seconds may pass without any."""
        self._spent = 0.0
        if idle_s < self._limit_s:
            self._handle.cancel()
            self._handle = self._loop.call_later(min(idle_s, CHECK_S), self._check)
        self._limit_s = idle_s

    def close(self) -> None:
        """Stop the timer."""
        self._handle.cancel()

    def _check(self) -> None:
        now = time.monotonic()
        waiting = now - self._since if self._task else 0.0
        over = now >= self._end
        left = min(self._limit_s - self._spent - waiting, self._end - now)
        slept = time.time() - time.monotonic() - self._offset > SLEEP_S
        self._offset = time.time() - time.monotonic()
        if self._task and (slept or left <= 0):
            self._failure = _slept() if slept else self._too_slow(over)
            self._task.cancel()
            return
        self._handle = self._loop.call_later(max(0.01, min(left, CHECK_S)), self._check)

    def _too_slow(self, over: bool) -> ProviderError:
        if over:
            return ProviderError(
                f"The answer took longer than {self._total_s:g} s in all",
                kind="timeout",
                hint="total_s in the provider's configuration allows more time, or less.",
            )
        return _too_slow(self._limit_s)


def _too_slow(limit_s: float) -> ProviderError:
    return ProviderError(
        f"The provider sent nothing for {limit_s:g} s",
        kind="timeout",
        hint="Try again; first_byte_s and idle_s in the provider's configuration allow more time.",
    )


def _slept() -> ProviderError:
    return ProviderError(
        "The machine slept in the middle of an answer",
        kind="network",
        hint="Ask again.",
    )
