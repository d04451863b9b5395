"""Work that must not be cut in the middle: neither by Esc nor by the end of koi."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TypeVar

from koi.credentials.aside import start

T = TypeVar("T")


def start_uninterrupted(
    name: str, work: Callable[[], Coroutine[object, object, T]]
) -> asyncio.Future[T]:
    """Begin `work` in a thread with an event loop of its own; the future gets its result.

    Who stops waiting does not stop it, and the process does not end before it has: it must be
    bounded in time. Raises RuntimeError when no thread can be started.
    """
    return asyncio.wrap_future(start(name, lambda: asyncio.run(work()), daemon=False))
