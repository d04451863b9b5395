"""What a session tells its consumers: the screen, `koi run`, the plain chat. One stream for all."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from koi.core.budgets import BudgetHeld, BudgetLimit, BudgetUse, BudgetWarned
from koi.core.errors import ErrorReport
from koi.core.messages import ToolCall, ToolMode
from koi.core.provider_events import FinishReason, ProviderEvent
from koi.core.references import ModelReference
from koi.core.request_events import AttemptEnded, ChainChanged, Estimate, Routed
from koi.core.usage import Cost, Usage

ApprovalDecision: TypeAlias = Literal["allow", "always", "deny"]
PreviewKind: TypeAlias = Literal["command", "diff", "text"]


class TurnStarted(msgspec.Struct, frozen=True):
    """A prompt was journaled and the agent begins to work on it."""

    turn_id: str
    prompt: str


class RequestStarted(msgspec.Struct, frozen=True):
    """One HTTP exchange begins; `request_id` names the block its deltas belong to."""

    request_id: str
    model: ModelReference
    role: str
    attempt: int
    """Counts from 1 within the step, over all models and keys."""
    tool_mode: ToolMode = "native"
    key: str = ""
    """The last four characters of the key, "" without one."""
    estimate: Estimate | None = None


class Streamed(msgspec.Struct, frozen=True):
    """A provider's event, with the request it belongs to. Deltas may be merged on the way."""

    request_id: str
    event: ProviderEvent


class Retrying(msgspec.Struct, frozen=True):
    """An attempt failed and the same model is asked again after `wait_s` seconds.

    What the failed attempt had said does not count.
    """

    model: ModelReference
    reason: str
    status: int | None
    wait_s: float
    attempt: int
    """The one that failed."""
    key: str = ""
    """The last four characters of the key that is used next, when it is another one."""


class FellBack(msgspec.Struct, frozen=True):
    """Another model takes over. What the failed attempt had said does not count."""

    from_model: ModelReference
    to_model: ModelReference
    reason: str
    rest_s: float | None = None
    """Of a model that rests since before this step: seconds until it may be asked, 0 when no time
    is known. It was not asked, and what was said before counts. None: it has just failed."""


class ApprovalRequested(msgspec.Struct, frozen=True):
    """A tool call needs a yes. `preview` is exactly what will run, or the diff to be made."""

    call: ToolCall
    title: str
    preview: str
    preview_kind: PreviewKind
    reason: str
    always: str
    """What "always" would allow for this session, in words; empty when it cannot be offered."""


class ApprovalResolved(msgspec.Struct, frozen=True):
    """The decision on a call, by a person or by a rule (which is then named)."""

    call_id: str
    decision: ApprovalDecision
    rule: str


class ToolStarted(msgspec.Struct, frozen=True):
    """A call was journaled as an intent and runs now. `summary` is one line for people."""

    call: ToolCall
    summary: str


class ToolOutput(msgspec.Struct, frozen=True):
    """More output of a running call. Chunks may be merged or dropped; the result is complete."""

    call_id: str
    chunk: str


class ToolFinished(msgspec.Struct, frozen=True):
    """The one result of a call, as the model sees it. `display` is for people (a diff)."""

    call_id: str
    name: str
    ok: bool
    content: str
    truncated: bool
    duration_s: float
    summary: str = ""
    display: str = ""
    spill_path: str | None = None


class ModelCost(msgspec.Struct, frozen=True):
    """Usage and cost of one model in one role over a session."""

    model: ModelReference
    role: str
    usage: Usage
    cost: Cost


class CostChanged(msgspec.Struct, frozen=True):
    """A request was counted. `usage` and `cost_usd` are its own (None: price unknown)."""

    model: ModelReference
    role: str
    usage: Usage
    cost_usd: float | None
    turn_usage: Usage
    turn_cost: Cost
    session_usage: Usage
    session_cost: Cost
    models: tuple[ModelCost, ...]
    context_window: int | None
    """Tokens that the model can hold, None when unknown."""
    budgets: tuple[BudgetUse, ...] = ()
    """The limits that the person set."""


class BudgetReached(msgspec.Struct, frozen=True):
    """A limit that the person set stops the turn."""

    limit: BudgetLimit
    value: float
    message: str
    raisable: bool = True
    """False when more would not help: the price of a model is not known."""


class Compacted(msgspec.Struct, frozen=True):
    """The conversation was made shorter for the model; the whole of it stays in the journal."""

    cause: Literal["overflow", "threshold", "asked", "undone"]
    """`undone`: the conversation is again what it was before the last compaction."""
    before_tokens: int
    after_tokens: int
    outputs_removed: int = 0
    """Older tool outputs of which only a line is left."""
    messages_summarised: int = 0
    model: ModelReference | None = None
    """The model that wrote the summary, None without one."""


class TurnFinished(msgspec.Struct, frozen=True):
    """The agent stopped by itself."""

    turn_id: str
    text: str
    finish_reason: FinishReason
    raw_finish_reason: str | None
    model: ModelReference
    duration_s: float
    denied: int = 0
    """Calls that nobody could approve."""


class TurnCancelled(msgspec.Struct, frozen=True):
    """The person interrupted; partial text is kept."""

    turn_id: str
    text: str
    duration_s: float


class TurnFailed(msgspec.Struct, frozen=True):
    """The turn ended with an error; what was done before it stands."""

    turn_id: str
    error: ErrorReport
    text: str
    duration_s: float


RequestEvent: TypeAlias = (
    RequestStarted
    | AttemptEnded
    | Retrying
    | FellBack
    | Routed
    | ChainChanged
    | BudgetWarned
    | BudgetHeld
    | BudgetReached
    | Compacted
)
"""What happens to a request on its way."""

AgentEvent: TypeAlias = (
    TurnStarted
    | RequestEvent
    | Streamed
    | ApprovalRequested
    | ApprovalResolved
    | ToolStarted
    | ToolOutput
    | ToolFinished
    | CostChanged
    | TurnFinished
    | TurnCancelled
    | TurnFailed
)
