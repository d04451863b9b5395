"""One turn: ask the model, run its tools, give back the results, until it stops by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec

from koi.agent.asking import Answer, count, whole
from koi.agent.corrections import Corrections
from koi.agent.normalise import normalise, unique_calls
from koi.agent.overflow import ask_within_window
from koi.agent.recorder import Recorder
from koi.agent.runner import NOT_RUN, Emit, ToolRunner
from koi.agent.state import SessionState
from koi.agent.system_prompt import system_prompt
from koi.core.agent_events import BudgetReached, TurnFinished
from koi.core.errors import LimitReached
from koi.core.messages import Message, ModelRequest, ToolCall, ToolMode, ToolResult
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo, Provider
from koi.routing.attempts import Attempts
from koi.routing.candidates import Chain, Chains
from koi.routing.spending import Spending

CUT_CALL = "Not run: the answer ended early ({}), so its calls may be incomplete."


class TurnLimits(msgspec.Struct, frozen=True):
    """Where a turn stops, beside the budget. None: no limit."""

    max_steps: int | None = None


@dataclass(slots=True)
class TurnParts:
    """What a turn works with; the same for all turns of a session."""

    chains: Chains
    attempts: Attempts
    spending: Spending
    provider: Callable[[ModelReference], Provider]
    """The provider of a model. Raises KoiError when it cannot be used."""
    model_info: Callable[[ModelReference], ModelInfo]
    runner: ToolRunner
    recorder: Recorder
    limits: TurnLimits = field(default_factory=TurnLimits)
    use_tools: bool = True
    today: Callable[[], date] = date.today

    def tool_mode(self, state: SessionState) -> ToolMode:
        """How the model is offered tools. Raises KoiError when its provider cannot be used."""
        provider = self.provider(state.model)
        return provider.tool_mode(state.model.model) if self.use_tools else "off"


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
    state: SessionState,
    parts: TurnParts,
    emit: Emit,
    progress: TurnProgress,
    prompt: str | None,
) -> TurnFinished:
    """Run steps until the model stops. The prompt is already in the history.

    `prompt` is None for a turn that goes on. Raises ProviderError, LimitReached, or
    CancelledError; the history is then still complete.
    """
    try:
        return await _run_steps(state, parts, emit, progress, prompt)
    except LimitReached as error:
        emit(BudgetReached(error.limit, error.value, error.title, error.raisable))
        raise


async def _run_steps(
    state: SessionState,
    parts: TurnParts,
    emit: Emit,
    progress: TurnProgress,
    prompt: str | None,
) -> TurnFinished:
    unattended = parts.runner.unattended
    steps = 0
    while True:
        _check_steps(parts.limits, steps)
        steps += 1
        chain = parts.chains.chain("executor", state.model, prompt=prompt)
        if chain.routed is not None and prompt is not None:
            emit(chain.routed)
        prompt = None
        answer = await _step(chain, state, parts, emit, progress)
        ended = answer.ended
        assert ended is not None
        called = any(isinstance(part, ToolCall) for part in ended.parts)
        if ended.finish_reason != "tool_calls" or not called:
            return TurnFinished(
                turn_id=progress.turn_id,
                text=progress.shown,
                finish_reason=ended.finish_reason,
                raw_finish_reason=ended.raw_finish_reason,
                model=answer.model,
                duration_s=progress.seconds,
                denied=parts.runner.unattended - unattended,
            )
        progress.corrections.check(answer.model)


def build_request(state: SessionState, parts: TurnParts) -> ModelRequest:
    """The request for the next step, from the state alone. Who answers it is not said yet."""
    offered = parts.runner.tools.values() if parts.use_tools else ()
    return ModelRequest(
        model="",
        messages=normalise(state.history),
        system=system_prompt(state.workspace, parts.today(), state.mode, state.instructions),
        tools=tuple(tool.schema for tool in offered),
    )


async def _step(
    chain: Chain, state: SessionState, parts: TurnParts, emit: Emit, progress: TurnProgress
) -> Answer:
    """One request and the calls of its answer. From the answer on, every call gets a result."""
    request, answer = await ask_within_window(
        lambda: build_request(state, parts), chain, state, parts, emit, progress.text
    )
    ended = answer.ended
    assert ended is not None
    message = Message("assistant", unique_calls(ended.parts))
    calls, results = message.tool_calls, dict[str, ToolResult]()
    state.history.append(message)
    try:
        parts.recorder.answer(message, answer.model, answer.role, ended)
        await whole(count(request, answer, state, parts, emit))
        await parts.recorder.sync()
        if calls and ended.finish_reason == "tool_calls":
            sound = progress.corrections.sound(calls, answer.tool_mode, parts.runner, emit, results)
            await parts.runner.run(sound, state, emit, results)
        elif calls:
            parts.runner.refuse(calls, CUT_CALL.format(ended.finish_reason), emit, results)
    finally:
        try:
            parts.runner.refuse(calls, NOT_RUN, emit, results)
        finally:
            _answer_calls(calls, results, state)
    return answer


def _answer_calls(
    calls: Sequence[ToolCall], results: dict[str, ToolResult], state: SessionState
) -> None:
    if calls:
        answers = tuple(results[call.id] for call in calls if call.id in results)
        state.history.append(Message("user", answers))


def _check_steps(limits: TurnLimits, steps: int) -> None:
    if limits.max_steps is not None and steps >= limits.max_steps:
        raise LimitReached(
            f"stopped after {steps} model {'request' if steps == 1 else 'requests'} (--max-turns)",
            hint="Raise --max-turns, or send another prompt to go on.",
            limit="max_turns",
            value=limits.max_steps,
        )
