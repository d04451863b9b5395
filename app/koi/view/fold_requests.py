"""The reducer's part for a request on its way: attempts, other models, limits, compaction."""

from __future__ import annotations

from koi.core.agent_events import (
    BudgetReached,
    Compacted,
    FellBack,
    RequestEvent,
    RequestStarted,
    Retrying,
)
from koi.core.budgets import BudgetHeld, BudgetWarned
from koi.core.offers import EXECUTOR
from koi.core.request_events import AttemptAction, AttemptEnded, ChainChanged, Routed
from koi.view.chains import chain_rows
from koi.view.fold_stream import finish_stream
from koi.view.fold_tools import stop_calls
from koi.view.items.prompt import Notice, NoticeKind
from koi.view.request_texts import (
    back_text,
    compaction_text,
    discarded_text,
    fallback_text,
    kept_text,
    passed_over_text,
    retry_text,
    routed_text,
)
from koi.view.safe_text import safe
from koi.view.state import Activity, Changed, ScreenState

LEAST_COUNTDOWN_S = 1.0
"""A shorter wait is over before anybody has read how long it is."""
_BROKEN: dict[AttemptAction, str] = {
    "retry": "asked again",
    "rotate": "asked again",
    "fall_back": "next model",
    "compact": "the conversation is too long",
    "keep_calls": "its calls count",
}
"""What follows an attempt whose text does not count."""


def fold_request_event(state: ScreenState, event: RequestEvent, now: float) -> Changed:
    """Take one event of a request's way into the state."""
    match event:
        case RequestStarted():
            return _started(state, event, now)
        case AttemptEnded():
            return _ended(state, event, now)
        case Retrying():
            return _retrying(state, event, now)
        case FellBack():
            return _fell_back(state, event, now)
        case Routed():
            return _tell(state, "info", routed_text(event))
        case ChainChanged():
            state.requests.chains[event.role] = chain_rows(event, now)
            state.requests.stand_in.chain(event)
            changed = Changed.COST | Changed.ATTEMPTS
            for passed in state.requests.stand_in.passed_over(event):
                changed |= _tell(state, "warn", passed_over_text(passed))
            return changed
        case BudgetWarned():
            return _tell(state, "warn", event.message) | Changed.COST
        case BudgetHeld():
            state.activity = Activity(safe(event.message, keep_newlines=False), now)
            return _tell(state, "info", event.message) | Changed.ACTIVITY
        case BudgetReached():
            state.requests.reached = event
            state.requests.log.note(event.message)
            return Changed.ATTEMPTS  # the end of the turn says it
        case Compacted():
            state.context_tokens = event.after_tokens
            return _tell(state, "info", compaction_text(event)) | Changed.HEADER | Changed.COST


def _started(state: ScreenState, event: RequestStarted, now: float) -> Changed:
    finish_stream(state, now)
    requests = state.requests
    requests.begin_attempt()
    requests.log.begin(event, now)
    requests.stand_in.started(event)
    requests.running = event.estimate or requests.running
    step = f"waiting for {event.model}"
    if event.role == EXECUTOR:
        state.set_header(model=str(event.model))
        state.tool_mode = event.tool_mode
    else:
        step += f" ({event.role})"
    state.activity = Activity(safe(step, keep_newlines=False), now)
    return Changed.TRANSCRIPT | Changed.HEADER | Changed.ACTIVITY | Changed.COST | Changed.ATTEMPTS


def _ended(state: ScreenState, event: AttemptEnded, now: float) -> Changed:
    """An attempt is over. What does not count is folded away, before the next one says anything."""
    requests = state.requests
    requests.log.end(event)
    changed = Changed.ATTEMPTS
    if broken := _BROKEN.get(event.action):
        kept = frozenset(requests.whole_calls) if event.action == "keep_calls" else frozenset()
        _discard(state, broken, now, kept)
        changed |= Changed.TRANSCRIPT
        if event.action == "keep_calls":
            changed |= _tell(state, "warn", kept_text(event))
    elif requests.stand_in.came_back(event):
        changed |= _tell(state, "info", back_text(event.model))
    return changed


def _retrying(state: ScreenState, event: Retrying, now: float) -> Changed:
    _discard(state, _BROKEN["retry"], now)
    step = f"asking {event.model} again" + (f" with key …{event.key}" if event.key else "")
    until = now + event.wait_s if event.wait_s >= LEAST_COUNTDOWN_S else None
    state.transcript.add(Notice("info", retry_text(event), state.measure))
    state.activity = Activity(safe(step, keep_newlines=False), now, until)
    return Changed.TRANSCRIPT | Changed.ACTIVITY


def _fell_back(state: ScreenState, event: FellBack, now: float) -> Changed:
    if event.rest_s is None:
        _discard(state, _BROKEN["fall_back"], now)
    news = state.requests.stand_in.fell_back(event)
    if state.requests.stand_in.role == EXECUTOR:
        state.set_header(model=str(event.to_model))
    step = f"falling back to {event.to_model}"
    state.activity = Activity(safe(step, keep_newlines=False), now)
    told = _tell(state, "warn", fallback_text(event)) if news else Changed.NOTHING
    return told | Changed.ACTIVITY | Changed.HEADER


def _discard(
    state: ScreenState, note: str, now: float, kept_calls: frozenset[str] = frozenset()
) -> None:
    """Fold away what the attempt has said; with `kept_calls` only what came after them."""
    finish_stream(state, now)
    requests = state.requests
    counting = max((requests.whole_calls[call] for call in kept_calls), default=0)
    for index, piece in requests.pieces[counting:]:
        words = len(piece.source.split())
        if words:
            piece.discard(discarded_text(words, note))
            state.transcript.changed(index)
    del requests.pieces[counting:]
    stop_calls(state, planned_only=True, kept=kept_calls)


def _tell(state: ScreenState, kind: NoticeKind, text: str) -> Changed:
    """Say it in the chat, and between the attempts."""
    state.transcript.add(Notice(kind, text, state.measure))
    state.requests.log.note(text)
    return Changed.TRANSCRIPT | Changed.ATTEMPTS
