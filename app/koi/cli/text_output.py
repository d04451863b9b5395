"""`koi run` for people: the answer on standard output, what happens on standard error."""

from __future__ import annotations

import sys

import click

from koi.agent.state import SessionState
from koi.core.agent_events import (
    AgentEvent,
    ApprovalResolved,
    BudgetReached,
    CostChanged,
    FellBack,
    Retrying,
    Streamed,
    ToolFinished,
    ToolStarted,
    TurnCancelled,
    TurnFailed,
    TurnFinished,
)
from koi.core.provider_events import StreamEnded, TextDelta
from koi.view.safe_text import safe


class TextWriter:
    """Prints events as plain lines. Text of models and tools is made safe first."""

    def __init__(self) -> None:
        self._open_line = False
        self._cost: CostChanged | None = None
        self._labels: dict[str, str] = {}

    def begin(self, state: SessionState) -> None:
        """Say which model works, and where."""
        self._note(f"koi · {state.model} · {state.mode} · {state.workspace}")

    def write(self, event: AgentEvent) -> None:
        """Print one event."""
        match event:
            case Streamed(event=TextDelta(delta)):
                text = safe(delta)
                sys.stdout.write(text)
                sys.stdout.flush()
                self._open_line = not text.endswith("\n") if text else self._open_line
            case Streamed(event=StreamEnded()):
                self._close_line()
            case ToolStarted(call, summary):
                self._labels[call.id] = f"{call.name} {summary}".strip()
            case ToolFinished():
                self._finished(event)
            case ApprovalResolved(_, "deny", rule):
                self._note(f"denied ({rule})")
            case Retrying():
                self._note(f"retrying in {event.wait_s:.1f} s: {event.reason}")
            case FellBack():
                self._note(f"falling back to {event.to_model}: {event.reason}")
            case CostChanged():
                self._cost = event
            case BudgetReached():
                self._note(event.message)
            case TurnFailed(error=error):
                self._note(f"error ({error.kind}): {error.message}")
                if error.hint:
                    self._note(error.hint)
            case TurnCancelled():
                self._note("interrupted")
            case TurnFinished(finish_reason=reason) if reason not in ("stop", "tool_calls"):
                self._note(f"the answer ended early: {reason}")
            case _:
                pass

    def end(self) -> None:
        """Say what it cost."""
        self._close_line()
        if self._cost is None:
            return
        usage, usd = self._cost.turn_usage, self._cost.turn_cost.usd
        price = "price unknown" if usd is None else f"${usd:.4f}"
        read = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
        self._note(f"{read} tokens in, {usage.output_tokens} out, {price}")

    def _finished(self, event: ToolFinished) -> None:
        label = self._labels.pop(event.call_id, event.name)
        mark = "ok" if event.ok else "failed"
        summary = f": {event.summary}" if event.summary else ""
        self._note(f"{label} · {mark}{summary} ({event.duration_s:.1f} s)")

    def _note(self, text: str) -> None:
        self._close_line()
        click.echo(safe(text, keep_newlines=False), err=True)

    def _close_line(self) -> None:
        if self._open_line:
            sys.stdout.write("\n")
            sys.stdout.flush()
            self._open_line = False
