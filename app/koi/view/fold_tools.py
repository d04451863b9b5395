"""The reducer's part for tool calls: approvals, running, output, results."""

from __future__ import annotations

from collections.abc import Collection

from koi.core.agent_events import (
    ApprovalRequested,
    ApprovalResolved,
    ToolFinished,
    ToolOutput,
    ToolStarted,
)
from koi.view.items.tool_card import ToolCard, ToolStatus
from koi.view.line_store import LineStore
from koi.view.output import without_names
from koi.view.safe_text import SafeText, safe, visible
from koi.view.state import Activity, Approval, Changed, ScreenState, ToolEntry

_OPEN: tuple[ToolStatus, ...] = ("planned", "asking", "running")


def card_of(state: ScreenState, call_id: str, name: str) -> tuple[int, ToolCard]:
    """The card of a call in the transcript, and its index; made when it is new."""
    known = state.cards.get(call_id)
    if known is not None:
        return known
    card = ToolCard(call_id, name, state.measure)
    state.cards[call_id] = (state.transcript.add(card), card)
    return state.cards[call_id]


def stop_calls(
    state: ScreenState, *, planned_only: bool = False, kept: Collection[str] = ()
) -> None:
    """Calls that will never have a result are marked as stopped, but for those of `kept`."""
    for call_id, (index, card) in list(state.cards.items()):
        if call_id in kept:
            continue
        if card.status == "planned" or not planned_only:
            if card.status in _OPEN:
                card.set_status("stopped")
                state.transcript.changed(index)
            del state.cards[call_id]
    for entry in state.calls:
        if entry.status in _OPEN and not planned_only:
            entry.status = "stopped"


def fold_tool_event(
    state: ScreenState,
    event: ApprovalRequested | ApprovalResolved | ToolStarted | ToolFinished,
    now: float,
) -> Changed:
    """Take one event of a call's life into the state."""
    match event:
        case ApprovalRequested():
            return _asked(state, event, now)
        case ApprovalResolved():
            return _resolved(state, event, now)
        case ToolStarted():
            return _started(state, event, now)
        case ToolFinished():
            return _finished(state, event, now)


def _asked(state: ScreenState, event: ApprovalRequested, now: float) -> Changed:
    """A question joins the line behind those that wait already."""
    index, card = card_of(state, event.call.id, event.call.name)
    card.plan(event.title, "asking")
    state.transcript.changed(index)
    is_diff = event.preview_kind == "diff"
    shown = without_names(event.preview) if is_diff else event.preview
    preview = visible(shown, keep_tabs=is_diff).removesuffix("\n")
    state.approvals.append(
        Approval(
            event.call.id,
            _one_line(event.call.name),
            _one_line(event.title),
            tuple(preview.split("\n")),
            is_diff,
            _one_line(event.reason),
            _one_line(event.always),
        )
    )
    state.activity = Activity(safe("waiting for your yes"), now)
    entry = ToolEntry(event.call.id, card.name, card.summary, "asking", started=now)
    entry.output = LineStore(preview)
    state.add_call(entry)
    return Changed.TRANSCRIPT | Changed.TOOLS | Changed.APPROVALS | Changed.ACTIVITY


def _one_line(text: str) -> SafeText:
    return visible(text.replace("\n", " "))


def _resolved(state: ScreenState, event: ApprovalResolved, now: float) -> Changed:
    """A decision: its question is answered, others may still wait."""
    asked = [approval for approval in state.approvals if approval.call_id == event.call_id]
    state.approvals = [item for item in state.approvals if item.call_id != event.call_id]
    known = state.cards.get(event.call_id)
    if known is not None:
        index, card = known
        card.set_status("denied" if event.decision == "deny" else "planned")
        state.transcript.changed(index)
    if not asked:
        return Changed.TRANSCRIPT
    if (entry := _entry(state, event.call_id)) is not None:
        entry.status = "planned"
    _next_step(state, now)
    return Changed.TRANSCRIPT | Changed.TOOLS | Changed.APPROVALS | Changed.ACTIVITY


def _started(state: ScreenState, event: ToolStarted, now: float) -> Changed:
    """A call runs now."""
    call = event.call
    index, card = card_of(state, call.id, call.name)
    card.plan(event.summary, "running")
    state.transcript.changed(index)
    summary = safe(event.summary, keep_newlines=False)
    entry = _entry(state, call.id)
    if entry is None:
        entry = ToolEntry(call.id, card.name, summary)
        state.add_call(entry)
    entry.status, entry.summary, entry.started, entry.output = "running", summary, now, LineStore()
    state.running[call.id] = card.name
    _next_step(state, now)
    return Changed.TRANSCRIPT | Changed.TOOLS | Changed.ACTIVITY


def fold_tool_output(state: ScreenState, event: ToolOutput) -> Changed:
    """Live output goes to the tool pane only."""
    entry = _entry(state, event.call_id)
    if entry is None or entry.output is None:
        return Changed.NOTHING
    entry.output.feed(event.chunk)
    if (known := state.cards.get(event.call_id)) is not None:
        known[1].mark_live()
    return Changed.TOOLS


def _finished(state: ScreenState, event: ToolFinished, now: float) -> Changed:
    """A call has its one result."""
    index, card = card_of(state, event.call_id, event.name)
    del state.cards[event.call_id]
    denied = card.status == "denied"
    status: ToolStatus = "denied" if denied else "ok" if event.ok else "failed"
    summary = "" if denied else event.summary
    card.finish(status, summary, event.content, event.display, event.duration_s)
    state.transcript.changed(index)
    entry = _entry(state, event.call_id)
    if entry is None:  # it never ran: denied, or its arguments were wrong
        entry = ToolEntry(event.call_id, card.name, safe(""))
        state.add_call(entry)
    entry.status, entry.seconds = status, event.duration_s
    entry.summary = card.summary
    if event.display or entry.output is None or not len(entry.output):
        shown = without_names(event.display) if card.is_diff else event.display
        entry.output = LineStore(shown or event.content)
    state.running.pop(event.call_id, None)
    _next_step(state, now)
    return Changed.TRANSCRIPT | Changed.TOOLS | Changed.ACTIVITY


def _entry(state: ScreenState, call_id: str) -> ToolEntry | None:
    for entry in reversed(state.calls):
        if entry.call_id == call_id:
            return entry if entry.status in _OPEN else None
    return None


def _next_step(state: ScreenState, now: float) -> None:
    """What koi does now: questions first, then running tools."""
    if state.approvals:
        step = "waiting for your yes"
    elif state.running:
        names = list(state.running.values())
        step = f"running {names[-1]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
    else:
        step = "preparing the next request"
    if state.activity is None or state.activity.step != step:
        state.activity = Activity(safe(step, keep_newlines=False), now)
