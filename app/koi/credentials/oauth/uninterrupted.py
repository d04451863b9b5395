"""Work that must not be cut in the middle: neither by Esc nor by the end of koi."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


def start_uninterrupted(
    name: str, work: Callable[[], Coroutine[object, object, T]]
) -> asyncio.Future[T]:
    """Begin `work` in a thread with an event loop of its own; the future gets its result.

    Who stops waiting does not stop it, and the process does not end before it has: it must be
    bounded in time. Raises RuntimeError when no thread can be started.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def deliver(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result: T | None = None
        failure: BaseException | None = None
        try:
            result = asyncio.run(work())
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
            failure = error
        with suppress(RuntimeError):  # the loop that waited has ended
            loop.call_soon_threadsafe(deliver, result, failure)

    threading.Thread(target=run, name=name, daemon=False).start()
    return future
