"""Lines that a person types, read beside the event loop. A wait for one can be given up."""

from __future__ import annotations

import asyncio
import sys
import threading
from contextlib import suppress


class InputLines:
    """Standard input. A line that nobody waits for any more goes to whoever asks next."""

    def __init__(self) -> None:
        self._coming: asyncio.Future[str | None] | None = None

    async def read(self, question: str) -> str | None:
        """Print `question`; the line that is typed then, None at the end of the input."""
        sys.stdout.write(question)
        sys.stdout.flush()
        if self._coming is None:
            self._coming = _next_line(asyncio.get_running_loop())
        line = await asyncio.shield(self._coming)
        self._coming = None
        return line


def forget_typed_ahead() -> None:
    """What was typed on a terminal before a question was seen is no answer to it."""
    if sys.stdin.isatty():
        import termios

        with suppress(termios.error):
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def _next_line(loop: asyncio.AbstractEventLoop) -> asyncio.Future[str | None]:
    """Reads in a thread of its own, which is left behind when koi leaves."""
    line: asyncio.Future[str | None] = loop.create_future()

    def settle(text: str | None) -> None:
        if not line.done():
            line.set_result(text)

    def read() -> None:
        text = sys.stdin.readline()
        with suppress(RuntimeError):  # the loop is closed when koi has left meanwhile
            loop.call_soon_threadsafe(settle, text or None)

    threading.Thread(target=read, name="koi-input", daemon=True).start()
    return line
