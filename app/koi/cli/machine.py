"""Machine output: one JSON object a line, the same for `koi run` and `koi probe`."""

from __future__ import annotations

import sys
import time

from koi import __version__
from koi.agent.state import SessionState
from koi.cli.machine_objects import (
    call_object,
    error_object,
    request_object,
    usage_object,
)
from koi.cli.machine_result import ResultBuilder
from koi.core.agent_events import (
    AgentEvent,
    ApprovalRequested,
    ApprovalResolved,
    CostChanged,
    Streamed,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnCancelled,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from koi.core.messages import JsonObject
from koi.core.provider_events import (
    ProviderEvent,
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallDelta,
    ToolCallReady,
    ToolCallStarted,
    UsageReported,
)
from koi.net.json_text import encode_json


class MachineWriter:
    """Writes the events of one turn. The last line is always `result`, also after an error."""

    def __init__(self, *, stream: bool) -> None:
        self._stream = stream
        self._result = ResultBuilder()
        self._session_id: str | None = None
        self._started = time.monotonic()

    def begin(self, state: SessionState) -> None:
        """The session is open."""
        self._session_id = state.session_id
        self._result.model = str(state.model)
        self._put(
            {
                "type": "session",
                "session_id": state.session_id,
                "model": str(state.model),
                "cwd": str(state.workspace),
                "version": __version__,
            }
        )

    def write(self, event: AgentEvent) -> None:
        """One event, in order."""
        self._result.take(event)
        line = event_object(event)
        if line is not None:
            self._put(line)

    def end(self) -> None:
        """The turn is over: the last line."""
        seconds = time.monotonic() - self._started
        write_line(self._result.build(self._session_id, seconds))

    def _put(self, line: JsonObject) -> None:
        if self._stream:
            write_line(line)


def write_line(line: JsonObject) -> None:
    """One JSON object on standard output, at once."""
    sys.stdout.buffer.write(encode_json(line) + b"\n")
    sys.stdout.buffer.flush()


def event_object(event: AgentEvent) -> JsonObject | None:
    """The line of an event, None when it has none of its own."""
    match event:
        case Streamed():
            return _provider_object(event.event)
        case ApprovalResolved() | ToolOutput() | ToolFinished():
            return _tool_object(event)
        case CostChanged():
            return usage_object(event)
        case TurnFailed():
            return error_object(event.error)
        case TurnCancelled():
            return error_object(None)
        case TurnStarted() | TurnFinished() | ApprovalRequested() | ToolStarted():
            return None
        case _:
            return request_object(event)


def _tool_object(event: ApprovalResolved | ToolOutput | ToolFinished) -> JsonObject:
    match event:
        case ApprovalResolved():
            return {
                "type": "approval",
                "id": event.call_id,
                "decision": event.decision,
                "rule": event.rule,
            }
        case ToolOutput():
            return {"type": "tool_output", "id": event.call_id, "chunk": event.chunk}
        case ToolFinished():
            return {
                "type": "tool_result",
                "id": event.call_id,
                "ok": event.ok,
                "content": event.content,
                "truncated": event.truncated,
            }


def _provider_object(event: ProviderEvent) -> JsonObject | None:
    match event:
        case TextDelta():
            return {"type": "text", "delta": event.delta}
        case ReasoningDelta():
            return {"type": "reasoning", "delta": event.delta}
        case ToolCallReady():
            return {"type": "tool_call", **call_object(event.call)}
        case ToolCallStarted() | ToolCallDelta() | UsageReported() | StreamEnded():
            return None
