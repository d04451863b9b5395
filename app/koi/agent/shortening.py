"""One compaction on its way: planned, summarised when that is needed, then kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from koi.agent.asking import whole
from koi.agent.compaction import Plan, Room, plan, with_summary
from koi.agent.context_size import fixed_tokens, message_tokens
from koi.agent.normalise import normalise
from koi.agent.runner import Emit
from koi.agent.state import SessionState
from koi.agent.summary import summarise
from koi.core.agent_events import Compacted
from koi.core.errors import ProviderError
from koi.core.messages import Message, ModelRequest
from koi.core.references import ModelReference

if TYPE_CHECKING:
    from koi.agent.loop import TurnParts

Cause: TypeAlias = Literal["overflow", "threshold", "asked"]
AIM = 0.5
"""The part of the window that a compaction wants to leave in use."""
KEPT = 0.2
"""The part of the window for recent messages that stay as they are."""


class Shortening:
    """A plan, and the messages that it has come to so far."""

    def __init__(
        self,
        request: ModelRequest,
        capacity: int,
        state: SessionState,
        parts: TurnParts,
        emit: Emit,
    ) -> None:
        """`capacity` is in tokens of the provider: the window, or what was too long for it."""
        self._state, self._parts, self._emit = state, parts, emit
        self._fixed = fixed_tokens(request)
        self._aim = AIM * capacity
        self._room = _room(capacity, self._fixed, state)
        self.plan: Plan = plan(state.history, self._room, str(parts.runner.spill_folder))
        self._messages = self.plan.without_outputs
        self._summarised = 0
        self._model: ModelReference | None = None
        self._before = self._tokens(state.history)

    @property
    def size(self) -> int:
        """Tokens of the next request as it is now."""
        return self._tokens(self._messages)

    @property
    def floor(self) -> int:
        """Tokens of what can neither be left out nor summarised."""
        return self._tokens(self.plan.recent)

    @property
    def reached(self) -> bool:
        """True when the conversation is as short as it should be."""
        return self.size <= self._aim

    @property
    def shorter(self) -> bool:
        """True when something was gained."""
        return self.size < self._before

    async def summarise(self, matters: str = "") -> None:
        """Put a summary in the place of the older part. Raises what `summary.summarise` raises."""
        if not self.plan.older:
            return
        older = self.plan.older
        written = await summarise(older, matters, self._state, self._parts, self._emit)
        messages = with_summary(self.plan, written.text, self._room)
        if self._tokens(messages) >= self.size:
            raise ProviderError(
                f"the summary of {written.model} is longer than what it stands for",
                kind="protocol",
                provider=written.model.provider,
                model=written.model.model,
            )
        self._messages, self._model = messages, written.model
        self._summarised = len(normalise(older))

    async def keep(self, cause: Cause) -> None:
        """Journal it, make it the session's conversation, and tell it. Raises StorageError."""
        told = Compacted(
            cause,
            self._before,
            self.size,
            self.plan.outputs_removed if self._model is None else 0,
            self._summarised,
            self._model,
        )
        state, recorder = self._state, self._parts.recorder
        recorder.compaction(self._messages, told)
        broken = len(state.history) - 1 in state.cut
        state.history[:] = self._messages
        state.cut = frozenset({len(state.history) - 1} if broken else ())
        state.context.enough = 0
        try:
            await whole(recorder.sync())
        finally:
            self._emit(told)

    def _tokens(self, messages: Sequence[Message]) -> int:
        return self._state.context.tokens(self._fixed + message_tokens(messages))


def _room(capacity: int, fixed: int, state: SessionState) -> Room:
    whole = state.context.by_length(capacity)
    target = max(int(AIM * whole) - fixed, whole // 8)
    return Room(target, min(int(KEPT * whole), target // 2))
