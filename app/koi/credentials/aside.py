"""Work that may hang for ever, done in daemon threads: koi never waits for them when it ends.

asyncio's own threads are joined at exit, so a keyring that shows its dialog to nobody would keep
koi from ending.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Made = TypeVar("Made")


def start(name: str, work: Callable[[], Made], *, daemon: bool = True) -> Future[Made]:
    """Begin `work` in a thread; the future has its result, or whatever it raised.

    koi waits at its end for a thread that is no daemon. Raises RuntimeError when no thread can be
    started.
    """
    future: Future[Made] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            made = work()
        except BaseException as error:  # noqa: BLE001 - it is the caller's, who gets it
            future.set_exception(error)
        else:
            future.set_result(made)

    threading.Thread(target=run, name=f"koi: {name}", daemon=daemon).start()
    return future


async def finished(name: str, work: Callable[[], Made]) -> Made:
    """Do `work` aside and wait for it without blocking; a cancelled wait leaves it running."""
    return await asyncio.wrap_future(start(name, work))
