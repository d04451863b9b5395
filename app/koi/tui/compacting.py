"""/compact: the conversation made shorter for the model, and the way back."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from koi.core.agent_events import AgentEvent
from koi.tui.bridge import Work

if TYPE_CHECKING:
    from koi.agent.session import Session
    from koi.tui.actions import Actions

UNDO = "undo"


def compact(app: Actions, argument: str) -> None:
    """Begin what is written behind /compact. Raises UsageError while koi works."""
    step = "taking the compaction back" if argument == UNDO else "making the conversation shorter"
    app.bridge.perform(Work(lambda session: compaction(session, argument), step=step))


def compaction(session: Session, argument: str) -> AsyncGenerator[AgentEvent, None]:
    """The events of what is written behind /compact; see `Session.compact` for what it raises."""
    return _undone(session) if argument == UNDO else session.compact(argument)


async def _undone(session: Session) -> AsyncGenerator[AgentEvent, None]:
    yield await session.undo_compaction()
