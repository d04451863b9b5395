"""The last line of the machine output: everything about a turn in one object."""

from __future__ import annotations

from koi.cli.machine_objects import attempt_object, call_object, error_object, token_counts
from koi.core.agent_events import (
    AgentEvent,
    BudgetReached,
    CostChanged,
    FellBack,
    RequestStarted,
    Retrying,
    Streamed,
    TurnCancelled,
    TurnFailed,
    TurnFinished,
)
from koi.core.errors import ErrorReport
from koi.core.messages import JsonObject, ToolCall
from koi.core.offers import EXECUTOR
from koi.core.provider_events import (
    ProviderEvent,
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallReady,
)
from koi.core.request_events import AttemptEnded
from koi.core.usage import Cost, Usage


class ResultBuilder:
    """Collects events. Text of an attempt that was given up is not part of the result."""

    def __init__(self) -> None:
        self.model: str | None = None
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._kept = (0, 0)
        """How many deltas belong to answers that are complete."""
        self._before_call = (0, 0)
        """How many there were when the newest call was complete."""
        self._role = EXECUTOR
        self._calls: list[JsonObject] = []
        self._attempts: list[JsonObject] = []
        self._finish: tuple[str | None, str | None] = (None, None)
        self._usage = Usage()
        self._cost: Cost | None = None
        self._error: JsonObject | None = None
        self._ok = False

    def take(self, event: AgentEvent) -> None:
        """One event, in order."""
        match event:
            case Streamed():
                self._streamed(event.event)
            case RequestStarted():
                self._begin_attempt(event)
            case AttemptEnded():
                self._attempt_ended(event)
            case Retrying():
                self._give_up(event.reason, event.status)
            case FellBack(rest_s=None):
                self._give_up(event.reason, None)
            case CostChanged():
                self._usage += event.usage
                self._cost = (self._cost or Cost()).add(event.cost_usd)
            case BudgetReached():
                self._error = error_object(ErrorReport("budget", event.message))
            case TurnFinished():
                self._finish = (event.finish_reason, event.raw_finish_reason)
                bad = event.finish_reason in ("content_filter", "refusal", "error")
                self._ok = not bad and not event.denied and self._error is None
            case TurnCancelled():
                self._finish = ("cancelled", None)
                self._error = error_object(None)
                self._end_attempt(False, "Interrupted", None)
            case TurnFailed():
                self._finish = (None, None)
                self._error = error_object(event.error)
                self._end_attempt(False, event.error.message, event.error.status)
            case _:
                pass

    def build(
        self, session_id: str | None, seconds: float, *, ok: bool | None = None
    ) -> JsonObject:
        """The `result` object. `ok` replaces what the events say of it."""
        finish_reason, raw = self._finish
        return {
            "type": "result",
            "ok": self._ok if ok is None else ok,
            "text": "".join(self._text),
            "reasoning": "".join(self._reasoning),
            "tool_calls": self._calls,
            "finish_reason": finish_reason,
            "raw_finish_reason": raw,
            "model": self.model,
            "usage": token_counts(self._usage),
            "cost_usd": None if self._cost is None else self._cost.usd,
            "attempts": self._attempts,
            "session_id": session_id,
            "duration_s": round(seconds, 3),
            "error": self._error,
        }

    def _streamed(self, event: ProviderEvent) -> None:
        if self._role != EXECUTOR:
            return
        match event:
            case TextDelta():
                self._text.append(event.delta)
            case ReasoningDelta():
                self._reasoning.append(event.delta)
            case ToolCallReady():
                self._before_call = (len(self._text), len(self._reasoning))
            case StreamEnded():
                self._kept = (len(self._text), len(self._reasoning))
                self._calls += [
                    call_object(part) for part in event.parts if isinstance(part, ToolCall)
                ]
                self._finish = (event.finish_reason, event.raw_finish_reason)
                self._end_attempt(True, None, None)
            case _:
                pass

    def _begin_attempt(self, event: RequestStarted) -> None:
        self._role = event.role
        if event.role == EXECUTOR:
            self.model = str(event.model)
        self._before_call = self._kept
        self._attempts.append(
            {
                "model": str(event.model),
                "role": event.role,
                "attempt": event.attempt,
                "key": event.key,
                "ok": None,
                "action": None,
                "kind": None,
                "reason": None,
                "status": None,
                "wait_s": 0.0,
                "duration_s": None,
                "billed": False,
            }
        )

    def _attempt_ended(self, event: AttemptEnded) -> None:
        """What it has said counts when it answered, or up to the calls that are run."""
        if self._attempts:
            self._attempts[-1] |= attempt_object(event)
        if event.action == "keep_calls":
            self._cut(self._before_call)
        elif event.action not in ("done", "stop"):
            self._cut(self._kept)

    def _give_up(self, reason: str, status: int | None) -> None:
        self._cut(self._kept)
        self._end_attempt(False, reason, status)

    def _cut(self, kept: tuple[int, int]) -> None:
        del self._text[kept[0] :]
        del self._reasoning[kept[1] :]

    def _end_attempt(self, ok: bool, reason: str | None, status: int | None) -> None:
        if self._attempts and self._attempts[-1]["ok"] is None:
            self._attempts[-1] |= {"ok": ok, "reason": reason, "status": status}
