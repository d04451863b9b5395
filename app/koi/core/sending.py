"""Whether the request that a task has under way has left: what has may be on the bill.

Noted where the connections are, asked for where an interrupt arrives, which brings no error.
"""

from __future__ import annotations

from contextvars import ContextVar

_left: ContextVar[bool] = ContextVar("left", default=False)


def note_left(left: bool) -> None:
    """True: all of it is on its way to the server. False: not yet, or the server refused it."""
    _left.set(left)


def has_left() -> bool:
    """True once the last request of this task has left and while nothing refused it."""
    return _left.get()
