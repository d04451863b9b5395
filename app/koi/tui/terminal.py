"""The terminal is left as it was found, from koi's first line to its last, however koi ends."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import termios
from collections.abc import Iterator

RESET = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1004l\x1b[?2048l\x1b[?2004l"
    "\x1b[?1047l\x1b[?25h\x1b[0m"
)
"""No mouse, focus or size reports, no bracketed paste; main screen, cursor, colours.

1047, not 1049: that one would also move the cursor, when Textual has left its screen long since.
"""
_INPUT_FLAGS, _LOCAL_FLAGS = 0, 3
_Attributes = list[int | list[bytes | int]]


@contextlib.contextmanager
def kept_terminal() -> Iterator[None]:
    """What is typed while koi starts is kept for it; afterwards the terminal is as it was.

    SIGTERM and SIGHUP end koi orderly already before the screen is there.
    """
    for name in ("COLUMNS", "LINES"):  # where they are exported, no resize would be seen
        os.environ.pop(name, None)
    attributes = _attributes()
    before = [(each, signal.signal(each, _leave)) for each in (signal.SIGTERM, signal.SIGHUP)]
    try:
        if attributes is not None:
            _set(_changed(attributes, on=False))
        yield
    finally:
        reset_terminal()
        if attributes is not None:
            _set(attributes)
        for number, handler in before:
            signal.signal(number, handler)


def reset_terminal() -> None:
    """Undo what the screen switched on, also when Textual could not."""
    if not sys.stdout.isatty():
        return
    with contextlib.suppress(OSError):  # the terminal itself is gone
        sys.stdout.write(RESET)
        sys.stdout.flush()


@contextlib.contextmanager
def lent_terminal() -> Iterator[None]:
    """The terminal as a shell wants it, while koi is stopped."""
    reset_terminal()
    attributes = _attributes()
    if attributes is not None:
        _set(_changed(attributes, on=True))
    try:
        yield
    finally:
        if attributes is not None:
            _set(attributes)


def _leave(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def _attributes() -> _Attributes | None:
    try:
        return termios.tcgetattr(sys.stdin.fileno())
    except termios.error:
        return None


def _changed(attributes: _Attributes, *, on: bool) -> _Attributes:
    """Off: no echo, and keys as they are: Enter stays Enter, Backspace deletes in koi's prompt."""
    out = [*attributes]
    for index, flag in (
        (_INPUT_FLAGS, termios.ICRNL),
        (_LOCAL_FLAGS, termios.ECHO | termios.ICANON),
    ):
        flags = out[index]
        assert isinstance(flags, int)
        out[index] = flags | flag if on else flags & ~flag
    return out


def _set(attributes: _Attributes) -> None:
    with contextlib.suppress(termios.error):  # the terminal itself is gone
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, attributes)
