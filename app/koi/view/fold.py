"""The reducer: agent events in, screen data changed. The only writer of a running turn's data."""

from __future__ import annotations

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
from koi.core.errors import ErrorReport
from koi.view.fold_requests import fold_request_event
from koi.view.fold_stream import finish_stream, fold_provider_event
from koi.view.fold_tools import fold_tool_event, fold_tool_output, stop_calls
from koi.view.items.prompt import Notice, NoticeKind, Prompt
from koi.view.request_texts import GO_ON, attempt_text, stand_in_text
from koi.view.safe_text import safe
from koi.view.state import Activity, Changed, ScreenState


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
            if event.prompt:  # a turn that goes on has none
                state.transcript.add(Prompt(event.prompt, state.measure))
            state.requests.begin_turn(event.prompt)
            state.activity = Activity(safe("preparing the request"), now)
            return Changed.TRANSCRIPT | Changed.ACTIVITY | Changed.ATTEMPTS
        case ApprovalRequested() | ApprovalResolved() | ToolStarted() | ToolFinished():
            return fold_tool_event(state, event, now)
        case CostChanged():
            state.costs = event
            state.requests.budgets = event.budgets
            if event.role == "executor":
                state.context_window = event.context_window
                state.count_context(event.usage)
            return Changed.COST | Changed.HEADER
        case TurnFinished() | TurnCancelled() | TurnFailed():
            return _fold_end(state, event, now)
        case _:
            return fold_request_event(state, event, now)


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


def begin_step(state: ScreenState, step: str, now: float) -> Changed:
    """Something other than a turn begins."""
    state.activity = Activity(safe(step, keep_newlines=False), now)
    return Changed.ACTIVITY


def come_to_rest(state: ScreenState, now: float) -> Changed:
    """Nothing is open or runs any more."""
    finish_stream(state, now)
    stop_calls(state)
    state.approvals.clear()
    state.running.clear()
    state.activity = None
    state.requests.log.end_turn(now)
    changed = Changed.TRANSCRIPT | Changed.TOOLS | Changed.ACTIVITY | Changed.APPROVALS
    return changed | Changed.COST | Changed.ATTEMPTS


def _fold_end(
    state: ScreenState, event: TurnFinished | TurnCancelled | TurnFailed, now: float
) -> Changed:
    """The turn is over, and how it ended is said."""
    changed = come_to_rest(state, now)
    match event:
        case TurnCancelled():
            state.requests.interrupt()
            changed |= Changed.COST
            state.transcript.add(Notice("interrupted", f"interrupted. {GO_ON}", state.measure))
        case TurnFailed():
            error = event.error
            begun = GO_ON if event.turn_id else ""
            said = (*map(attempt_text, error.attempts), error.hint, begun)
            hint = "\n".join(filter(None, said))
            kind: NoticeKind = "warn" if error.kind == "budget" else "error"
            state.transcript.add(Notice(kind, _who(error), state.measure, hint))
        case TurnFinished():
            if ending := _ENDINGS.get(event.finish_reason):
                state.transcript.add(Notice("warn", ending[0], state.measure, ending[1]))
            if primary := state.requests.stand_in.primary:
                text = stand_in_text(event.model, primary)
                state.transcript.add(Notice("info", text, state.measure))
    return changed
