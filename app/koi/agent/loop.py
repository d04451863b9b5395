"""One turn: ask the model, run its tools, give back the results, until it stops by itself."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date

import msgspec

from koi.agent.corrections import Corrections
from koi.agent.normalise import normalise, unique_calls
from koi.agent.recorder import Recorder
from koi.agent.runner import NOT_RUN, Emit, ToolRunner
from koi.agent.state import SessionState
from koi.agent.system_prompt import system_prompt
from koi.core.agent_events import BudgetReached, RequestStarted, Streamed, TurnFinished
from koi.core.errors import LimitReached, ProviderError
from koi.core.messages import (
    Message,
    ModelRequest,
    Text,
    ToolCall,
    ToolMode,
    ToolResult,
)
from koi.core.provider_events import (
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from koi.core.seams import ModelInfo, PriceLookup
from koi.core.usage import Usage
from koi.routing.attempts import Candidate, stream
from koi.routing.backoff import RetryPolicy

CUT_CALL = "Not run: the answer ended early ({}), so its calls may be incomplete."


class TurnLimits(msgspec.Struct, frozen=True):
    """Where a turn stops. None: no limit."""

    max_steps: int | None = None
    max_cost_usd: float | None = None


@dataclass(slots=True)
class TurnParts:
    """What a turn works with; the same for all turns of a session."""

    candidate: Callable[[SessionState], Candidate]
    model_info: Callable[[SessionState], ModelInfo]
    price: PriceLookup
    runner: ToolRunner
    recorder: Recorder
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    limits: TurnLimits = field(default_factory=TurnLimits)
    use_tools: bool = True
    today: Callable[[], date] = date.today

    def tool_mode(self, state: SessionState) -> ToolMode:
        """How the model is offered tools. Raises KoiError when its provider cannot be used."""
        provider = self.candidate(state).provider
        return provider.tool_mode(state.model.model) if self.use_tools else "off"


@dataclass(slots=True)
class _Answer:
    """What one request has brought so far."""

    request_id: str = ""
    text: list[str] = field(default_factory=list)
    characters: int = 0
    usage: Usage | None = None
    ended: StreamEnded | None = None


@dataclass(slots=True)
class TurnProgress:
    """What a turn has shown so far, for whoever must end it early."""

    turn_id: str
    started: float
    text: list[str] = field(default_factory=list)
    corrections: Corrections = field(default_factory=Corrections)

    @property
    def seconds(self) -> float:
        """Seconds since the turn began."""
        return time.monotonic() - self.started

    @property
    def shown(self) -> str:
        """All text of this turn, with nothing between its parts."""
        return "".join(self.text)


async def run_turn(
    state: SessionState, parts: TurnParts, emit: Emit, progress: TurnProgress
) -> TurnFinished:
    """Run steps until the model stops. The prompt is already in the history.

    Raises ProviderError, LimitReached, or CancelledError; the history is then still complete.
    """
    unattended = parts.runner.unattended
    steps = 0
    while True:
        await _check_limits(state, parts, steps, emit)
        steps += 1
        ended = await _step(state, parts, emit, progress)
        called = any(isinstance(part, ToolCall) for part in ended.parts)
        if ended.finish_reason != "tool_calls" or not called:
            return TurnFinished(
                turn_id=progress.turn_id,
                text=progress.shown,
                finish_reason=ended.finish_reason,
                raw_finish_reason=ended.raw_finish_reason,
                model=state.model,
                duration_s=progress.seconds,
                denied=parts.runner.unattended - unattended,
            )
        progress.corrections.check(state.model)


def build_request(state: SessionState, parts: TurnParts) -> ModelRequest:
    """The request for the next step, from the state alone."""
    offered = parts.runner.tools.values() if parts.tool_mode(state) != "off" else ()
    return ModelRequest(
        model=state.model.model,
        messages=normalise(state.history),
        system=system_prompt(state.workspace, parts.today(), state.mode, state.instructions),
        tools=tuple(tool.schema for tool in offered),
    )


async def _step(
    state: SessionState, parts: TurnParts, emit: Emit, progress: TurnProgress
) -> StreamEnded:
    """One request and the calls of its answer. From the answer on, every call gets a result."""
    request, candidate = build_request(state, parts), parts.candidate(state)
    answer = await _ask(request, candidate, state, parts, emit, progress)
    ended = answer.ended
    assert ended is not None
    message = Message("assistant", unique_calls(ended.parts))
    calls, results = message.tool_calls, dict[str, ToolResult]()
    state.history.append(message)
    try:
        parts.recorder.answer(message, candidate, ended)
        usage = answer.usage or _estimate(request, answer)
        await _whole(_count(usage, answer.request_id, candidate, state, parts, emit))
        await parts.recorder.sync()
        if calls and ended.finish_reason == "tool_calls":
            mode = candidate.provider.tool_mode(request.model)
            sound = progress.corrections.sound(calls, mode, parts.runner, emit, results)
            await parts.runner.run(sound, state, emit, results)
        elif calls:
            parts.runner.refuse(calls, CUT_CALL.format(ended.finish_reason), emit, results)
    finally:
        try:
            parts.runner.refuse(calls, NOT_RUN, emit, results)
        finally:
            _answer_calls(calls, results, state)
    return ended


async def _ask(
    request: ModelRequest,
    candidate: Candidate,
    state: SessionState,
    parts: TurnParts,
    emit: Emit,
    progress: TurnProgress,
) -> _Answer:
    answer = _Answer()
    try:
        async with aclosing(stream(request, candidate, parts.retry, _new_id)) as events:
            async for event in events:
                if isinstance(event, RequestStarted):
                    answer = _Answer(event.request_id)
                elif isinstance(event, Streamed):
                    _note(event, answer, progress)
                emit(event)
    except (ProviderError, asyncio.CancelledError):
        await _whole(_keep_partial(request, answer, candidate, state, parts, emit))
        raise
    return answer


async def _whole(bookkeeping: Coroutine[None, None, None]) -> None:
    """Await something that an interrupt must not cut in two; the interrupt comes after it."""
    task = asyncio.create_task(bookkeeping)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _note(event: Streamed, answer: _Answer, progress: TurnProgress) -> None:
    match event.event:
        case TextDelta(delta):
            answer.text.append(delta)
            progress.text.append(delta)
            answer.characters += len(delta)
        case ReasoningDelta(delta) | ToolCallDelta(_, delta):
            answer.characters += len(delta)
        case UsageReported(usage):
            answer.usage = usage
        case StreamEnded() as ended:
            answer.ended = ended
        case _:
            pass


async def _keep_partial(
    request: ModelRequest,
    answer: _Answer,
    candidate: Candidate,
    state: SessionState,
    parts: TurnParts,
    emit: Emit,
) -> None:
    """A broken answer: its text stays, its calls do not run, its tokens are counted."""
    text = "".join(answer.text)
    if text.strip():
        message = Message("assistant", (Text(text),))
        state.history.append(message)
        parts.recorder.partial_answer(message, candidate)
    if answer.characters or answer.usage:
        usage = answer.usage or _estimate(request, answer)
        await _count(usage, answer.request_id, candidate, state, parts, emit)


async def _count(
    usage: Usage,
    request_id: str,
    candidate: Candidate,
    state: SessionState,
    parts: TurnParts,
    emit: Emit,
) -> None:
    price = await parts.price(candidate.reference)
    cost = None if price is None else price.cost(usage)
    state.account.count(candidate.reference, candidate.role, usage, cost)
    parts.recorder.usage(request_id, candidate, usage, cost)
    window = parts.model_info(state).context_window
    emit(state.account.changed(candidate.reference, candidate.role, usage, cost, window))


def _estimate(request: ModelRequest, answer: _Answer) -> Usage:
    """Tokens by length, about four characters each, when a provider did not count."""
    characters = len(request.system) + sum(len(message.text) for message in request.messages)
    characters += len(msgspec.json.encode(request.tools))
    return Usage(
        input_tokens=characters // 4,
        output_tokens=max(1, answer.characters // 4),
        estimated=True,
    )


def _answer_calls(
    calls: Sequence[ToolCall], results: dict[str, ToolResult], state: SessionState
) -> None:
    if calls:
        answers = tuple(results[call.id] for call in calls if call.id in results)
        state.history.append(Message("user", answers))


async def _check_limits(state: SessionState, parts: TurnParts, steps: int, emit: Emit) -> None:
    limits = parts.limits
    if limits.max_steps is not None and steps >= limits.max_steps:
        message = f"stopped after {steps} model requests (--max-turns)"
        emit(BudgetReached("max_turns", limits.max_steps, message))
        raise LimitReached(message, hint="Raise --max-turns, or send another prompt to go on.")
    if limits.max_cost_usd is None:
        return
    spent = state.account.session_cost
    if spent.known_usd >= limits.max_cost_usd:
        message = f"stopped at ${spent.known_usd:.4f} of ${limits.max_cost_usd:.4f} (--max-cost)"
        hint = "Raise --max-cost; it counts the whole session."
    elif await parts.price(state.model) is None:
        message = f"--max-cost cannot be kept: the price of {state.model} is not known"
        hint = f'Say it in the configuration, under [pricing."{state.model.model}"].'
    else:
        return
    emit(BudgetReached("max_cost", limits.max_cost_usd, message))
    raise LimitReached(message, hint=hint)


def _new_id() -> str:
    return uuid.uuid4().hex[:12]
