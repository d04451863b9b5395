"""Output of a running command on its way to a screen: merged, at most twenty times a second."""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable

INTERVAL_S = 0.05
SHOWN_BYTES = 16_384


class LiveOutput:
    """Collects bytes and hands them on as text. Of a flood only the newest part is shown."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._pending = bytearray()
        self._next = 0.0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, data: bytes) -> None:
        """Take more output; it is shown by the next `flush` that is due."""
        self._pending += data[-SHOWN_BYTES:]
        surplus = len(self._pending) - SHOWN_BYTES
        if surplus <= 0 and len(data) <= SHOWN_BYTES:
            return
        del self._pending[: max(surplus, 0)]
        while self._pending and self._pending[0] & 0xC0 == 0x80:
            del self._pending[0]
        self._decoder.reset()

    def wait_s(self) -> float | None:
        """Seconds until something is due; None while there is nothing to show."""
        if not self._pending:
            return None
        return max(0.0, self._next - time.monotonic())

    def flush(self, *, final: bool = False) -> None:
        """Show what is pending if it is due; `final` shows it now, with a cut last character."""
        now = time.monotonic()
        if not final and (not self._pending or now < self._next):
            return
        text = self._decoder.decode(bytes(self._pending), final)
        self._pending.clear()
        self._next = now + INTERVAL_S
        if text:
            self._show(text)
