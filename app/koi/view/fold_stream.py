"""The reducer's part for a model's stream: text, reasoning, calls that are being written."""

from __future__ import annotations

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
from koi.view.arguments import brief
from koi.view.fold_tools import card_of
from koi.view.items.answer import Answer
from koi.view.items.reasoning import Reasoning
from koi.view.safe_text import safe
from koi.view.state import Activity, Changed, ScreenState


def fold_provider_event(state: ScreenState, event: ProviderEvent, now: float) -> Changed:
    """Take one event of a stream into the state."""
    match event:
        case TextDelta():
            return _text(state, event.delta, now)
        case ReasoningDelta():
            return _reasoning(state, event.delta, now)
        case ToolCallStarted():
            finish_stream(state, now)
            card_of(state, event.id, event.name)
            state.argument_characters = 0
            return Changed.TRANSCRIPT | _step(state, f"writing a call of {event.name}", now)
        case ToolCallDelta():
            return _count_arguments(state, event, now)
        case ToolCallReady():
            finish_stream(state, now)
            index, card = card_of(state, event.call.id, event.call.name)
            card.plan(brief(event.call), card.status)
            state.requests.whole_calls[event.call.id] = len(state.requests.pieces)
            state.transcript.changed(index)
            return Changed.TRANSCRIPT
        case StreamEnded():
            finish_stream(state, now)
            return Changed.TRANSCRIPT
        case UsageReported():
            return Changed.NOTHING


def finish_stream(state: ScreenState, now: float) -> None:
    """Close the answer and the reasoning that are open."""
    if state.answer is not None:
        index, answer = state.answer
        answer.finish()
        state.transcript.changed(index)
        state.answer = None
    _finish_reasoning(state, now)


def _finish_reasoning(state: ScreenState, now: float) -> None:
    if state.reasoning is not None:
        index, reasoning, since = state.reasoning
        reasoning.finish(now - since)
        state.transcript.changed(index)
        state.reasoning = None


def _text(state: ScreenState, delta: str, now: float) -> Changed:
    if state.answer is None:
        if not delta.strip():
            return Changed.NOTHING  # white space before the first word is not worth a block
        _finish_reasoning(state, now)
        answer = Answer(state.measure)
        state.answer = (state.transcript.add(answer), answer)
        state.requests.pieces.append(state.answer)
    state.answer[1].append(delta)
    return Changed.TRANSCRIPT | _step(state, "answering", now)


def _reasoning(state: ScreenState, delta: str, now: float) -> Changed:
    if state.reasoning is None:
        if not delta.strip():
            return Changed.NOTHING
        finish_stream(state, now)
        reasoning = Reasoning(state.measure)
        index = state.transcript.add(reasoning)
        state.reasoning = (index, reasoning, now)
        state.requests.pieces.append((index, reasoning))
    state.reasoning[1].append(delta)
    return Changed.TRANSCRIPT | _step(state, "thinking", now)


def _count_arguments(state: ScreenState, event: ToolCallDelta, now: float) -> Changed:
    """A long call (a whole file) shows that it grows."""
    before = state.argument_characters // 1000
    state.argument_characters += len(event.delta)
    size = state.argument_characters // 1000
    if size == before or state.activity is None:
        return Changed.NOTHING
    known = state.cards.get(event.id)
    name = known[1].name if known is not None else "a tool"
    step = safe(f"writing a call of {name} ({size} kB)", keep_newlines=False)
    state.activity = Activity(step, state.activity.since)
    return Changed.ACTIVITY


def _step(state: ScreenState, step: str, now: float) -> Changed:
    """Name the current step; a step that goes on keeps its age."""
    if state.activity is not None and state.activity.step == step:
        return Changed.NOTHING
    state.activity = Activity(safe(step, keep_newlines=False), now)
    return Changed.ACTIVITY
