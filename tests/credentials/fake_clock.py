"""Time that passes only when somebody sleeps, and machines that sleep."""

from __future__ import annotations

import asyncio
import time

from koi.credentials.logins.login import Clock


class FakeClock:
    """`clock` for a login; `slept` are the waits, in order."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.wall = time.time()
        self.slept: list[float] = []
        self.machine_sleeps_s = 0.0
        """Added to the wall clock in the next sleep: the monotonic clock stands still meanwhile."""

    @property
    def clock(self) -> Clock:
        """As a login wants it."""
        return Clock(lambda: self.now, lambda: self.wall, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        self.wall += seconds + self.machine_sleeps_s
        self.machine_sleeps_s = 0.0
        await asyncio.sleep(0)
