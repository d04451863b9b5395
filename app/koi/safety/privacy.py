"""Keeps the person's other processes, commands of the model among them, out of koi's memory."""

from __future__ import annotations

import ctypes
import sys

_PR_SET_DUMPABLE = 4


def close_memory() -> None:
    """Make this process undumpable: its /proc files, keys in its environment included, are then
    readable by root alone, and it leaves no core dump. Linux only; elsewhere nothing happens.

    https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
