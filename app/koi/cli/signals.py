"""The signals that end a command. One that was ignored when koi began stays ignored."""

from __future__ import annotations

import signal

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stopping_signals() -> tuple[signal.Signals, ...]:
    """Those to act upon: not SIGHUP under nohup, not SIGINT behind a script's `&`."""
    return tuple(number for number in _STOPPING if signal.getsignal(number) is not signal.SIG_IGN)
