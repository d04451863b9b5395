"""What a journal keeps: one record for each thing that happened and must not be forgotten.

Field names must not collide with the line's own: v, id, parent, ts, kind, crc.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from koi.core.agent_events import ApprovalDecision, Compacted, ToolFinished
from koi.core.errors import ErrorReport
from koi.core.messages import Message, ToolCall, ToolResult
from koi.core.provider_events import FinishReason
from koi.core.references import ModelReference
from koi.core.usage import Cost, Usage

TurnStatus: TypeAlias = Literal["finished", "cancelled", "failed"]


class SessionRecord(msgspec.Struct, frozen=True, tag_field="kind", tag="session"):
    """The first record: where the session began, and with what."""

    model: ModelReference
    cwd: str
    version: str
    """koi's version."""
    mode: str


class TitleRecord(msgspec.Struct, frozen=True, tag_field="kind", tag="title"):
    """The session got a name."""

    title: str


class ModeRecord(msgspec.Struct, frozen=True, tag_field="kind", tag="mode"):
    """The mode changed (ask, edit, plan, yolo)."""

    mode: str


class ModelRecord(msgspec.Struct, frozen=True, tag_field="kind", tag="model"):
    """The model of a role changed."""

    role: str
    model: ModelReference


class PromptRecord(msgspec.Struct, frozen=True, tag_field="kind", tag="prompt"):
    """A person's prompt; a turn begins."""

    message: Message
    turn_id: str = ""


class AssistantRecord(msgspec.Struct, frozen=True, tag_field="kind", tag="assistant"):
    """A model's message, exactly. `complete` is False for the partial text of a cut answer."""

    message: Message
    model: ModelReference
    role: str = "executor"
    finish_reason: FinishReason | None = None
    raw_finish_reason: str | None = None
    complete: bool = True
    request_id: str = ""
    dropped: bool = False
    """It was asked for again: no part of the conversation, whatever follows."""


class ToolIntentRecord(msgspec.Struct, frozen=True, tag_field="kind", tag="tool_intent"):
    """A call is about to run. Synced before it does."""

    call: ToolCall
    summary: str = ""


class ApprovalRecord(msgspec.Struct, frozen=True, tag_field="kind", tag="approval"):
    """The decision on a call, by a person or by the rule that is named."""

    call_id: str
    decision: ApprovalDecision
    rule: str = ""


class ToolResultRecord(msgspec.Struct, frozen=True, tag_field="kind", tag="tool_result"):
    """The one result of a call: what the model sees, and what people see of it."""

    result: ToolResult
    name: str
    truncated: bool = False
    duration_s: float = 0.0
    summary: str = ""
    display: str = ""
    spill_path: str | None = None

    @property
    def finished(self) -> ToolFinished:
        """The event that this record was made from."""
        return ToolFinished(
            call_id=self.result.call_id,
            name=self.name,
            ok=self.result.ok,
            content=self.result.content,
            truncated=self.truncated,
            duration_s=self.duration_s,
            summary=self.summary,
            display=self.display,
            spill_path=self.spill_path,
        )


class UsageRecord(msgspec.Struct, frozen=True, tag_field="kind", tag="usage"):
    """What one request used and cost (None: price unknown)."""

    model: ModelReference
    role: str
    usage: Usage
    cost_usd: float | None
    request_id: str = ""


class ErrorRecord(msgspec.Struct, frozen=True, tag_field="kind", tag="error"):
    """Something failed and was shown."""

    error: ErrorReport


class CompactionRecord(msgspec.Struct, frozen=True, tag_field="kind", tag="compaction"):
    """The conversation goes on from here with other messages: a branch of its own.

    `messages` stand in the place of everything before; when a compaction was undone, they are what
    was said after it, and follow the branch that it had replaced.
    """

    messages: tuple[Message, ...]
    replaced: str
    """The id of the record that the conversation had reached before."""
    compacted: Compacted
    """The event that was told."""

    @property
    def undoes(self) -> bool:
        """True when this takes a compaction back."""
        return self.compacted.cause == "undone"


class JournalState(msgspec.Struct, frozen=True):
    """What the records of a journal add up to so far, over all its branches."""

    title: str = ""
    cwd: str = ""
    model: ModelReference | None = None
    """The executor's."""
    mode: str = ""
    turns: int = 0
    usage: Usage = Usage()
    cost: Cost = Cost()


class TurnEndRecord(msgspec.Struct, frozen=True, tag_field="kind", tag="turn_end"):
    """A turn is over. The journal fills in `state`, so that a list needs only a file's tail."""

    status: TurnStatus
    turn_id: str = ""
    finish_reason: FinishReason | None = None
    duration_s: float = 0.0
    state: JournalState | None = None


class UnknownRecord(msgspec.Struct, frozen=True):
    """A record of a kind, or a shape, that this koi does not know: kept, never interpreted."""

    kind: str
    line: bytes


KnownRecord: TypeAlias = (
    SessionRecord
    | TitleRecord
    | ModeRecord
    | ModelRecord
    | PromptRecord
    | AssistantRecord
    | ToolIntentRecord
    | ApprovalRecord
    | ToolResultRecord
    | UsageRecord
    | ErrorRecord
    | CompactionRecord
    | TurnEndRecord
)
Record: TypeAlias = KnownRecord | UnknownRecord


def advance(state: JournalState, record: Record) -> JournalState:
    """The state after one more record."""
    change = msgspec.structs.replace
    match record:
        case SessionRecord():
            return change(state, cwd=record.cwd, model=record.model, mode=record.mode)
        case TitleRecord():
            return change(state, title=record.title)
        case ModeRecord():
            return change(state, mode=record.mode)
        case ModelRecord(role="executor"):
            return change(state, model=record.model)
        case PromptRecord():
            title = state.title or _first_line(record.message.text)
            return change(state, title=title, turns=state.turns + 1)
        case UsageRecord():
            usage, cost = state.usage + record.usage, state.cost.add(record.cost_usd)
            return change(state, usage=usage, cost=cost)
        case _:
            return state


def _first_line(text: str) -> str:
    """The first line that is not blank, at most 200 characters of it."""
    return next((line.strip()[:200] for line in text.splitlines() if line.strip()), "")
