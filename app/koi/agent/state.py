"""What a session is at this moment: the one thing that its consumers may read and set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from koi.agent.accounting import Account
from koi.agent.context_size import ContextSize
from koi.core.agent_events import Compacted, ToolFinished
from koi.core.messages import Message
from koi.core.references import ModelReference
from koi.safety.modes import Mode


class Resumed(msgspec.Struct, frozen=True):
    """A session that was before, as a person saw it."""

    messages: tuple[Message, ...] = ()
    cut: frozenset[int] = frozenset()
    """Places in `messages` of answers that were cut off or interrupted."""
    compactions: Mapping[int, tuple[Compacted, ...]] = {}
    """What was compacted or undone, by the number of messages before it."""
    finished: Mapping[str, ToolFinished] = {}
    """How the calls came out."""
    summaries: Mapping[str, str] = {}
    """What those calls were about, in a line each."""


@dataclass(slots=True)
class SessionState:
    """Set `mode` and `model` at any time; they count from the next decision and request on."""

    session_id: str
    workspace: Path
    model: ModelReference
    mode: Mode = "ask"
    instructions: str = ""
    """The project's AGENTS.md, only after trust."""
    history: list[Message] = field(default_factory=list)
    cut: frozenset[int] = frozenset()
    """Places in `history` of resumed answers that were cut off or interrupted."""
    resumed: Resumed = field(default_factory=Resumed)
    """What the screen shows of a session that was before."""
    account: Account = field(default_factory=Account)
    seen: dict[Path, str] = field(default_factory=dict)
    """Digests of file contents that the model has seen."""
    context: ContextSize = field(default_factory=ContextSize)
    busy: bool = False
    turns: int = 0
    notes: tuple[str, ...] = ()
    """What the person should know about how the session was opened."""
