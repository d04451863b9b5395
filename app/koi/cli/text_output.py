"""`koi run` for people: the answer on standard output, what happens on standard error."""

from __future__ import annotations

import sys

import click

from koi.agent.state import SessionState
from koi.core.agent_events import (
    AgentEvent,
    ApprovalRequested,
    ApprovalResolved,
    BudgetReached,
    Compacted,
    CostChanged,
    FellBack,
    RequestEvent,
    RequestStarted,
    Retrying,
    Streamed,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnCancelled,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from koi.core.budgets import BudgetHeld, BudgetWarned
from koi.core.messages import Text, ToolCall
from koi.core.provider_events import (
    INTERRUPTED,
    ProviderEvent,
    StreamEnded,
    TextDelta,
    ToolCallReady,
)
from koi.core.request_events import AttemptEnded, ChainChanged, Routed
from koi.view.arguments import brief
from koi.view.request_texts import (
    attempt_text,
    back_text,
    compaction_text,
    fallback_text,
    kept_text,
    passed_over_text,
    retry_text,
    routed_text,
    stand_in_text,
)
from koi.view.safe_text import SafeStream, safe
from koi.view.stand_in import StandIn
from koi.view.units import total


class TextWriter:
    """Prints events as plain lines. Text of models and tools is made safe first.

    A terminal sees text as it comes. Anything else is given it once an answer is whole, because
    what was printed of one that broke off cannot be taken back.
    """

    def __init__(self, *, live: bool) -> None:
        self._text = SafeStream()
        self._live = live
        self._held: list[str] = []
        """Text of the attempt that runs, not printed yet."""
        self._open_line = False
        self._cost: CostChanged | None = None
        self._labels: dict[str, str] = {}
        self._denied: set[str] = set()
        self._stand_in = StandIn()
        self._has_said = False
        """The attempt that runs has printed something."""

    def begin(self, state: SessionState) -> None:
        """Say which model works, and where."""
        self._note(f"koi · {state.model} · {state.mode} · {state.workspace}")

    def write(self, event: AgentEvent) -> None:
        """Print one event."""
        match event:
            case Streamed():
                self._streamed(event.event)
            case ApprovalRequested(call=call) | ToolStarted(call=call):
                self._labels[call.id] = _label(call)
            case ApprovalResolved(call_id, "deny", rule):
                self._denied.add(call_id)
                self._note(f"denied: {self._labels.get(call_id, 'a call')} ({rule})")
            case ToolFinished():
                self._finished(event)
            case CostChanged():
                self._cost = event
            case TurnFinished() | TurnCancelled() | TurnFailed():
                self._note_end(event)
            case TurnStarted():
                self._stand_in.begin_turn()
            case ToolOutput() | ApprovalResolved():
                pass
            case _:
                self._note_request(event)

    def end(self) -> None:
        """Say what it cost."""
        self._close_line()
        if self._cost is None:
            return
        usage = self._cost.turn_usage
        read = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
        cost = total(self._cost.turn_cost)
        self._note(f"{read} tokens in, {usage.output_tokens} out, cost {cost}")

    def _streamed(self, event: ProviderEvent) -> None:
        match event:
            case TextDelta(delta):
                self._has_said = True
                if self._live:
                    self._print(self._text.feed(delta))
                else:
                    self._held.append(delta)
            case ToolCallReady(call):
                self._labels[call.id] = _label(call)
            case StreamEnded(parts=parts, raw_finish_reason=raw):
                if raw == INTERRUPTED:  # only what comes before its last whole call stands
                    self._held = [part.text for part in parts if isinstance(part, Text)]
                self._release()
                self._close_line()
            case _:
                pass

    def _note_request(self, event: RequestEvent) -> None:
        """What happens to a request on its way. Waiting is told once, not counted down."""
        match event:
            case RequestStarted():
                self._stand_in.started(event)
                self._has_said = False
            case AttemptEnded():
                if event.action == "keep_calls":
                    self._note(kept_text(event))
                elif self._stand_in.came_back(event):
                    self._note(back_text(event.model))
            case Retrying():
                self._note_broken()
                self._note(retry_text(event))
            case FellBack():
                if event.rest_s is None:
                    self._note_broken()
                if self._stand_in.fell_back(event):
                    self._note(fallback_text(event))
            case ChainChanged():
                self._stand_in.chain(event)
                for passed in self._stand_in.passed_over(event):
                    self._note(passed_over_text(passed))
            case Routed():
                self._note(routed_text(event))
            case BudgetWarned() | BudgetHeld():
                self._note(event.message)
            case Compacted():
                self._note(compaction_text(event))
            case BudgetReached():
                pass  # the end of the turn says it

    def _note_broken(self) -> None:
        """What was printed cannot be taken back."""
        if self._has_said:
            above = ": what stands above does not count" if self._live else ""
            self._note(f"the answer broke off{above}")
            self._has_said = False
            self._held.clear()

    def _release(self) -> None:
        """Print what was held. A terminal has seen it already."""
        held, self._held = "".join(self._held), []
        if not self._live:
            self._print(self._text.feed(held))

    def _note_end(self, event: TurnFinished | TurnCancelled | TurnFailed) -> None:
        self._release()
        match event:
            case TurnFailed(error=error):
                self._note(f"error ({error.kind}): {error.message}")
                for attempt in error.attempts:
                    self._note(f"  {attempt_text(attempt)}")
                if error.hint:
                    self._note(error.hint)
            case TurnCancelled():
                self._note("interrupted")
            case TurnFinished():
                if self._stand_in.primary:
                    self._note(stand_in_text(event.model, self._stand_in.primary))
                if event.finish_reason not in ("stop", "tool_calls"):
                    self._note(f"the answer ended early: {event.finish_reason}")
                elif event.denied:
                    said = f"calls that needed a yes: {event.denied}"
                    self._note(f"{said} (--allow RULE or --mode gives one)")

    def _finished(self, event: ToolFinished) -> None:
        label = self._labels.pop(event.call_id, event.name)
        if event.call_id in self._denied:
            return
        mark = "ok" if event.ok else "failed"
        summary = f": {event.summary}" if event.summary else ""
        self._note(f"{label} · {mark}{summary} ({event.duration_s:.1f} s)")

    def _note(self, text: str) -> None:
        self._close_line()
        click.echo(safe(text, keep_newlines=False), err=True)

    def _print(self, text: str) -> None:
        if text:
            sys.stdout.write(text)
            sys.stdout.flush()
            self._open_line = not text.endswith("\n")

    def _close_line(self) -> None:
        """The next note begins a line, and an escape sequence that never ended is shown."""
        self._print(self._text.finish())
        if self._open_line:
            sys.stdout.write("\n")
            sys.stdout.flush()
            self._open_line = False


def _label(call: ToolCall) -> str:
    return f"{call.name} {brief(call)}".strip()
