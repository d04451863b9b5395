"""The four modes, from asking about everything to asking about nothing inside the workspace."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from koi.core.errors import UsageError

Mode: TypeAlias = Literal["ask", "edit", "plan", "yolo"]
MODES: tuple[Mode, ...] = get_args(Mode)


def parse_mode(name: str) -> Mode:
    """The mode of this name. Raises UsageError, which lists the modes."""
    for mode in MODES:
        if mode == name:
            return mode
    raise UsageError(f"there is no mode '{name}'", hint=f"Modes: {', '.join(MODES)}.")
