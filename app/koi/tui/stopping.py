"""Ctrl+Z: koi stops, the shell has the terminal, and `fg` brings the same screen back."""

from __future__ import annotations

import os
import signal

from textual.app import App, SuspendNotSupported

from koi.tui.terminal import lent_terminal


def stop(app: App[int]) -> None:
    """Stop koi and whatever it was started by in the same job; returns when it goes on.

    Without a shell that could bring it back the system does not stop it.
    """
    try:
        with app.suspend(), lent_terminal():
            before = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
            os.killpg(0, signal.SIGTSTP)  # the others
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTSTP)
            signal.signal(signal.SIGTSTP, before)
    except SuspendNotSupported:
        return
