"""Writes what happens in a session to its journal."""

from __future__ import annotations

import asyncio

from koi.core.agent_events import AgentEvent, ApprovalResolved, Compacted, ToolFinished
from koi.core.errors import ErrorReport
from koi.core.messages import Message, ToolCall, ToolResult
from koi.core.provider_events import FinishReason, StreamEnded
from koi.core.references import ModelReference
from koi.core.usage import Usage
from koi.store.conversation import Undoing, undoing
from koi.store.journal import Journal
from koi.store.records import (
    ApprovalRecord,
    AssistantRecord,
    CompactionRecord,
    ErrorRecord,
    KnownRecord,
    ModelRecord,
    ModeRecord,
    PromptRecord,
    ToolIntentRecord,
    ToolResultRecord,
    TurnEndRecord,
    TurnStatus,
    UsageRecord,
)
from koi.store.scan import read_journal


class Recorder:
    """One place that knows which record stands for what. Raises StorageError."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._mode = journal.state.mode
        self._model = journal.state.model

    def prompt(self, message: Message, turn_id: str, mode: str, model: ModelReference) -> None:
        """A turn begins."""
        self.changes(mode, model)
        self._append(PromptRecord(message, turn_id))

    def changes(self, mode: str, model: ModelReference) -> None:
        """Note changes of mode and model since the last time."""
        if mode != self._mode:
            self._append(ModeRecord(mode))
        if model != self._model:
            self._append(ModelRecord("executor", model))
        self._mode, self._model = mode, model

    def answer(
        self, message: Message, model: ModelReference, role: str, ended: StreamEnded
    ) -> None:
        """A complete answer of the model."""
        self._append(
            AssistantRecord(
                message,
                model,
                role,
                ended.finish_reason,
                ended.raw_finish_reason,
            )
        )

    def partial_answer(
        self, message: Message, model: ModelReference, role: str, *, dropped: bool
    ) -> None:
        """The text of an answer that was cut or interrupted. `dropped`: it was asked for again."""
        self._append(AssistantRecord(message, model, role, complete=False, dropped=dropped))

    def intent(self, call: ToolCall, summary: str) -> None:
        """A call is about to run."""
        self._append(ToolIntentRecord(call, summary))

    def approval(self, event: AgentEvent) -> None:
        """A decision on a call; other events are not approvals and are ignored."""
        if isinstance(event, ApprovalResolved):
            self._append(ApprovalRecord(event.call_id, event.decision, event.rule))

    def result(self, result: ToolResult, finished: ToolFinished) -> None:
        """The one result of a call."""
        self._append(
            ToolResultRecord(
                result,
                finished.name,
                finished.truncated,
                finished.duration_s,
                finished.summary,
                finished.display,
                finished.spill_path,
            )
        )

    def usage(
        self,
        request_id: str,
        model: ModelReference,
        role: str,
        usage: Usage,
        cost_usd: float | None,
    ) -> None:
        """What one request used and cost; the ledger has it already."""
        self._append(UsageRecord(model, role, usage, cost_usd, request_id))

    def compaction(self, messages: tuple[Message, ...], compacted: Compacted) -> None:
        """The conversation goes on with other messages, on a branch of its own."""
        journal = self._journal
        assert journal.head is not None
        record = CompactionRecord(messages, journal.head, compacted)
        journal.append(record, after=journal.root)

    def undoing(self) -> Undoing | None:
        """How the last compaction can be taken back. Reads the whole journal."""
        return undoing(read_journal(self._journal.path).entries)

    def undone(self, undoing: Undoing, compacted: Compacted) -> None:
        """The conversation is again what it was, with what was said since."""
        journal = self._journal
        assert journal.head is not None
        record = CompactionRecord(undoing.later, journal.head, compacted)
        journal.append(record, after=undoing.replaced)

    def error(self, error: ErrorReport) -> None:
        """Something failed and was shown."""
        self._append(ErrorRecord(error))

    def turn_end(
        self,
        turn_id: str,
        status: TurnStatus,
        duration_s: float,
        finish_reason: FinishReason | None = None,
    ) -> None:
        """A turn is over."""
        self._append(TurnEndRecord(status, turn_id, finish_reason, duration_s))

    async def sync(self) -> None:
        """Wait until everything recorded so far is on the disk."""
        await asyncio.to_thread(self._journal.sync)

    def close(self) -> None:
        """Sync and close the journal."""
        self._journal.close()

    def _append(self, record: KnownRecord) -> None:
        self._journal.append(record)
