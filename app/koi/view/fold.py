"""The reducer: agent events in, screen data changed. The only writer of a running turn's data."""

from __future__ import annotations

from koi.core.agent_events import (
    AgentEvent,
    ApprovalRequested,
    ApprovalResolved,
    BudgetReached,
    Compacted,
    CostChanged,
    FellBack,
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
from koi.core.budgets import BudgetWarned
from koi.core.errors import ErrorReport
from koi.core.request_events import AttemptEnded, ChainChanged, Routed
from koi.view.fold_stream import finish_stream, fold_provider_event
from koi.view.fold_tools import fold_tool_event, fold_tool_output, stop_calls
from koi.view.items.prompt import Notice, Prompt
from koi.view.safe_text import safe
from koi.view.state import Activity, Changed, ScreenState
from koi.view.units import duration


def fold(state: ScreenState, event: AgentEvent, now: float) -> Changed:
    """Take an event into the state; which parts of the screen to show again.

    `now` is a monotonic time in seconds; ages and durations are counted from it.
    """
    match event:
        case Streamed():
            return fold_provider_event(state, event.event, now)
        case ToolOutput():
            return fold_tool_output(state, event)
        case TurnStarted():
            state.transcript.add(Prompt(event.prompt, state.measure))
            state.activity = Activity(safe("preparing the request"), now)
            return Changed.TRANSCRIPT | Changed.ACTIVITY
        case RequestStarted():
            finish_stream(state, now)
            state.set_header(model=str(event.model))
            state.tool_mode = event.tool_mode
            state.activity = Activity(safe(f"waiting for {event.model}", keep_newlines=False), now)
            return Changed.TRANSCRIPT | Changed.HEADER | Changed.ACTIVITY
        case Retrying() | FellBack():
            return _fold_attempt(state, event, now)
        case ApprovalRequested() | ApprovalResolved() | ToolStarted() | ToolFinished():
            return fold_tool_event(state, event, now)
        case CostChanged():
            state.costs = event
            state.context_window = event.context_window
            if event.role == "executor":
                state.count_context(event.usage)
            return Changed.COST | Changed.HEADER
        case AttemptEnded() | Routed() | ChainChanged() | BudgetWarned() | Compacted():
            return Changed.NOTHING
        case BudgetReached():
            state.transcript.add(Notice("warn", event.message, state.measure))
            return Changed.TRANSCRIPT
        case TurnFinished() | TurnCancelled() | TurnFailed():
            return _fold_end(state, event, now)


def _fold_attempt(state: ScreenState, event: Retrying | FellBack, now: float) -> Changed:
    """An attempt failed: what it had said so far does not count."""
    if state.answer is not None:
        index, answer = state.answer
        words = len(answer.source.split())
        answer.discard(f"cut off after {words} {'word' if words == 1 else 'words'}; asked again")
        state.transcript.changed(index)
        state.answer = None
    finish_stream(state, now)
    stop_calls(state, planned_only=True)
    if isinstance(event, Retrying):
        status = f" ({event.status})" if event.status is not None else ""
        text = f"{event.model}: {event.reason}{status}"
        step = f"asking {event.model} again"
        if event.wait_s:
            text += f"; again in {duration(event.wait_s)}"
            step = f"waiting {duration(event.wait_s)} before {step}"
        state.transcript.add(Notice("info", text, state.measure))
    else:
        text = f"{event.from_model} → {event.to_model}: {event.reason}"
        state.transcript.add(Notice("warn", text, state.measure))
        step = f"falling back to {event.to_model}"
        state.set_header(model=str(event.to_model))
    state.activity = Activity(safe(step, keep_newlines=False), now)
    return Changed.TRANSCRIPT | Changed.ACTIVITY | Changed.HEADER


def _who(error: ErrorReport) -> str:
    """The message with what it does not say itself: who failed, and the HTTP status."""
    who = "/".join(filter(None, (error.provider, error.model)))
    said = error.message.casefold()
    start = f"{who}: " if who and (error.provider or who).casefold() not in said else ""
    status = str(error.status) if error.status is not None else ""
    return f"{start}{error.message}" + (f" ({status})" if status not in error.message else "")


_ENDINGS = {
    "length": ("The answer reached the output limit.", "Ask it to go on, or raise the limit."),
    "content_filter": ("The provider's filter stopped the answer.", "Ask in other words."),
    "refusal": ("The model declined to answer.", ""),
    "error": ("The provider ended the answer with an error.", "Ask again."),
}


def _fold_end(
    state: ScreenState, event: TurnFinished | TurnCancelled | TurnFailed, now: float
) -> Changed:
    """The turn is over: nothing is open or runs any more."""
    finish_stream(state, now)
    stop_calls(state)
    state.approvals.clear()
    state.running.clear()
    state.activity = None
    match event:
        case TurnCancelled():
            state.transcript.add(Notice("interrupted", "interrupted", state.measure))
        case TurnFailed():
            error = event.error
            state.transcript.add(Notice("error", _who(error), state.measure, error.hint))
        case TurnFinished():
            if ending := _ENDINGS.get(event.finish_reason):
                state.transcript.add(Notice("warn", ending[0], state.measure, ending[1]))
    return Changed.TRANSCRIPT | Changed.TOOLS | Changed.ACTIVITY | Changed.APPROVALS
