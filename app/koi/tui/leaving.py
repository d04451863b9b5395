"""Ctrl+C: copy, clear, stop, and only twice within a second: quit."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal, TypeAlias

TWICE_S = 1.0
Step: TypeAlias = Literal["copy", "clear", "stop", "warn", "quit"]


@dataclass(slots=True)
class Leaving:
    """Remembers when Ctrl+C was pressed last."""

    pressed: float = float("-inf")

    def press(self, *, selection: bool, draft: bool, busy: bool, now: float | None = None) -> Step:
        """What one press means now. A press that copies never counts towards quitting."""
        now = time.monotonic() if now is None else now
        if selection:
            return "copy"
        if now - self.pressed <= TWICE_S:
            return "quit"
        self.pressed = now
        if draft:
            return "clear"
        return "stop" if busy else "warn"
