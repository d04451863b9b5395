"""Runs an application on the terminal until it ends, or a signal ends it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from koi.tui.terminal import reset_terminal

if TYPE_CHECKING:
    from textual.app import App


class Ending(NamedTuple):
    """How it ended."""

    code: int
    by_signal: bool


async def run_app(
    app: App[int], *, mouse: bool = True, closing: Callable[[], Awaitable[None]] | None = None
) -> Ending:
    """Run it; SIGTERM, and SIGHUP of a terminal that was closed, end it as if it were left.

    `closing` is done when the terminal is back as it was.
    """
    from koi.tui.terminal_input import mend_terminal_input

    mend_terminal_input()
    loop = asyncio.get_running_loop()
    ended_by: list[int] = []

    def end(number: int) -> None:
        ended_by.append(number)
        app.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end, number)
    try:
        result = await app.run_async(mouse=mouse)
    finally:
        reset_terminal()
        if closing is not None:
            await closing()
    if ended_by:
        return Ending(128 + ended_by[0], True)
    return Ending(result if result is not None else app.return_code or 0, False)
