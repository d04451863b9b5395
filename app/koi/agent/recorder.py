"""Writes what happens in a session to its journal, and what it costs to the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from koi.core.agent_events import AgentEvent, ApprovalResolved, ToolFinished
from koi.core.errors import ErrorReport
from koi.core.messages import Message, ToolCall, ToolResult
from koi.core.provider_events import FinishReason, StreamEnded
from koi.core.references import ModelReference
from koi.core.usage import Usage
from koi.routing.attempts import Candidate
from koi.store.journal import Journal
from koi.store.ledger import Ledger, LedgerEntry
from koi.store.records import (
    ApprovalRecord,
    AssistantRecord,
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


class Recorder:
    """One place that knows which record stands for what. Raises StorageError."""

    def __init__(self, open_journal: Callable[[], Journal], ledger: Ledger) -> None:
        self._open = open_journal
        self._journal: Journal | None = None
        self._ledger = ledger
        self._mode = ""
        self._model: ModelReference | None = None

    @property
    def journal(self) -> Journal:
        """The journal; its file appears with the first record."""
        if self._journal is None:
            self._journal = self._open()
        return self._journal

    def prompt(self, message: Message, turn_id: str, mode: str, model: ModelReference) -> None:
        """A turn begins; changes of mode and model since the last one are noted first."""
        if self._mode and mode != self._mode:
            self._append(ModeRecord(mode))
        if self._model is not None and model != self._model:
            self._append(ModelRecord("executor", model))
        self._mode, self._model = mode, model
        self._append(PromptRecord(message, turn_id))

    def answer(self, message: Message, candidate: Candidate, ended: StreamEnded) -> None:
        """A complete answer of the model."""
        self._append(
            AssistantRecord(
                message,
                candidate.reference,
                candidate.role,
                ended.finish_reason,
                ended.raw_finish_reason,
            )
        )

    def partial_answer(self, message: Message, candidate: Candidate) -> None:
        """The text of an answer that was cut or interrupted."""
        self._append(AssistantRecord(message, candidate.reference, candidate.role, complete=False))

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
        self, request_id: str, candidate: Candidate, usage: Usage, cost_usd: float | None
    ) -> None:
        """What one request used and cost, in the journal and in the ledger."""
        self._append(UsageRecord(candidate.reference, candidate.role, usage, cost_usd, request_id))
        self._ledger.append(
            LedgerEntry(
                session_id=self.journal.session_id,
                model=candidate.reference,
                role=candidate.role,
                usage=usage,
                cost_usd=cost_usd,
            )
        )

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
        if self._journal is not None:
            await asyncio.to_thread(self._journal.sync)

    def close(self) -> None:
        """Sync and close the journal."""
        if self._journal is not None:
            self._journal.sync()
            self._journal.close()
            self._journal = None

    def _append(self, record: KnownRecord) -> None:
        self.journal.append(record)
