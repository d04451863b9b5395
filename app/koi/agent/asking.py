"""One model request of the agent: events passed on, the answer collected, tokens counted."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

from koi.agent.runner import Emit
from koi.agent.state import SessionState
from koi.core.agent_events import RequestStarted, Streamed
from koi.core.errors import KoiError
from koi.core.messages import Message, ModelRequest, Text, ToolMode
from koi.core.provider_events import (
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from koi.core.references import ModelReference
from koi.core.request_events import AttemptEnded
from koi.core.sending import has_left
from koi.core.usage import Usage
from koi.routing.candidates import Chain

if TYPE_CHECKING:
    from koi.agent.loop import TurnParts


_BROKEN = ("retry", "rotate", "fall_back", "compact", "stop")
"""How attempts end whose answer does not stand."""


@dataclass(slots=True)
class Answer:
    """What one attempt has brought so far, and who is answering."""

    request_id: str
    model: ModelReference
    role: str
    tool_mode: ToolMode
    text: list[str] = field(default_factory=list)
    characters: int = 0
    usage: Usage | None = None
    ended: StreamEnded | None = None
    counted: bool = False
    broke_off: bool = False
    """Only the parts up to its last complete call stand."""


async def ask(
    request: ModelRequest,
    chain: Chain,
    state: SessionState,
    parts: TurnParts,
    emit: Emit,
    shown: list[str],
) -> Answer:
    """The complete answer to a request; its tokens are not counted yet (see `count`).

    Attempts that failed are in the journal and counted; only the text of the one that ends the
    step is also in the history. `shown` gets the text that stands. Raises what
    `Attempts.stream` raises.
    """
    answer: Answer | None = None
    try:
        async with aclosing(parts.attempts.stream(request, chain)) as events:
            async for event in events:
                match event:
                    case RequestStarted():
                        answer = Answer(event.request_id, event.model, event.role, event.tool_mode)
                    case Streamed() if answer is not None:
                        note(event, answer)
                    case AttemptEnded() if answer is not None and event.action in _BROKEN:
                        broken, answer = answer, answer if event.action == "stop" else None
                        await whole(_keep_failed(request, broken, state, parts, emit, event))
                    case AttemptEnded(action="keep_calls") if answer is not None:
                        answer.broke_off = True
                    case _:
                        pass
                emit(event)
    except (KoiError, asyncio.CancelledError):
        if answer is not None:
            shown.extend(answer.text)
            if partial := _partial(answer):
                state.history.append(partial)
            await whole(_keep_failed(request, answer, state, parts, emit))
        raise
    assert answer is not None
    assert answer.ended is not None
    stands = [Message("assistant", answer.ended.parts).text] if answer.broke_off else answer.text
    shown.extend(stands)
    return answer


async def whole(bookkeeping: Coroutine[None, None, None]) -> None:
    """Await something that an interrupt must not cut in two; the interrupt comes after it."""
    task = asyncio.create_task(bookkeeping)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def count(
    request: ModelRequest,
    answer: Answer,
    state: SessionState,
    parts: TurnParts,
    emit: Emit,
    *,
    ok: bool = True,
) -> None:
    """Write down what an answer used and tell it; `ok` is False for a broken one.

    Raises StorageError.
    """
    answer.counted = True
    usage = answer.usage or await _estimate(request, answer, parts)
    cost = await parts.spending.settle(answer.request_id, answer.model, answer.role, usage, ok=ok)
    state.account.count(answer.model, answer.role, usage, cost)
    parts.recorder.usage(answer.request_id, answer.model, answer.role, usage, cost)
    window = parts.model_info(answer.model).context_window
    budgets = parts.spending.uses()
    emit(state.account.changed(answer.model, answer.role, usage, cost, window, budgets))
    for warning in parts.spending.warnings():
        emit(warning)


def note(event: Streamed, answer: Answer) -> None:
    """Take what was streamed into the answer."""
    match event.event:
        case TextDelta(delta):
            answer.text.append(delta)
            answer.characters += len(delta)
        case ReasoningDelta(delta) | ToolCallDelta(_, delta):
            answer.characters += len(delta)
        case UsageReported(usage):
            answer.usage = usage
        case StreamEnded() as ended:
            answer.ended = ended
        case _:
            pass


async def _keep_failed(
    request: ModelRequest,
    answer: Answer,
    state: SessionState,
    parts: TurnParts,
    emit: Emit,
    ended: AttemptEnded | None = None,
) -> None:
    """A broken answer: its text is in the journal, its calls do not run, its tokens are counted.

    Where it is asked for again, its text is no part of the conversation. Without `ended` it was
    interrupted: what had left counts, also when nothing of the answer had come.
    """
    if answer.counted:
        return
    billed = has_left() if ended is None else ended.billed
    dropped = ended is not None and ended.action != "stop"
    if partial := _partial(answer):
        parts.recorder.partial_answer(partial, answer.model, answer.role, dropped=dropped)
    if billed or answer.characters or answer.usage:
        await count(request, answer, state, parts, emit, ok=False)
    else:
        answer.counted = True
        parts.spending.release(answer.request_id)


def _partial(answer: Answer) -> Message | None:
    """The text of an answer that is not complete, None when there is none worth keeping."""
    text = "".join(answer.text)
    return Message("assistant", (Text(text),)) if text.strip() else None


async def _estimate(request: ModelRequest, answer: Answer, parts: TurnParts) -> Usage:
    """Tokens by length when a provider did not count."""
    estimate = await parts.spending.estimate(answer.model, answer.role, request)
    return Usage(
        input_tokens=estimate.input_tokens,
        output_tokens=ceil(answer.characters / 4),
        estimated=True,
    )
