"""The four modes, from asking about everything to asking about nothing inside the workspace."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

Mode: TypeAlias = Literal["ask", "edit", "plan", "yolo"]
MODES: tuple[Mode, ...] = get_args(Mode)
