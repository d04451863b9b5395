"""What the command line said about a session. Light, because the first frame waits for it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from koi.core.references import ModelReference
from koi.safety.modes import Mode


class SessionOptions(msgspec.Struct, frozen=True, kw_only=True):
    """None and empty mean that nothing was said."""

    workspace: Path
    config_flag: str | None = None
    trust: bool = False
    debug: bool = False
    model: str | None = None
    provider: str | None = None
    executor: str | None = None
    evaluator: str | None = None
    planner: str | None = None
    embedder: str | None = None
    small: str | None = None
    model_before: ModelReference | None = None
    """The model of the session that this one follows in the same window: it stays."""
    latest: bool = False
    resume: str | None = None
    """The id, or its beginning, of a session to go on with; "" means: let me choose."""
    mode: Mode | None = None
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    max_turns: int | None = None
    max_cost: float | None = None
    no_tools: bool = False
    demo: bool = False
