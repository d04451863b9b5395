"""Runs the tool calls of one answer: reads side by side, everything else in order."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from koi.agent.gate import Gate
from koi.agent.recorder import Recorder
from koi.agent.state import SessionState
from koi.agent.tool_context import CallContext
from koi.core.agent_events import AgentEvent, ToolFinished, ToolOutput, ToolStarted
from koi.core.errors import KoiError, StorageError, ToolFailure
from koi.core.messages import JsonObject, ToolCall, ToolResult
from koi.core.seams import Tool, ToolContext, ToolOutcome, ToolPlan

INTERRUPTED = "Interrupted by the user while it ran; it may have had effects."
NOT_RUN = "Not run: the user interrupted before it started."

Emit = Callable[[AgentEvent], None]
log = logging.getLogger(__name__)


class _Planned(msgspec.Struct, frozen=True):
    call: ToolCall
    tool: Tool
    arguments: JsonObject
    plan: ToolPlan
    context: ToolContext


class ToolRunner:
    """Every call that is given to it gets exactly one result, also when it is cancelled."""

    def __init__(
        self, tools: Iterable[Tool], gate: Gate, recorder: Recorder, spill_folder: Path
    ) -> None:
        self.tools: Mapping[str, Tool] = {tool.name: tool for tool in tools}
        self._gate = gate
        self._recorder = recorder
        self.spill_folder = spill_folder
        self.unattended = 0
        """Calls so far that nobody could be asked about."""

    async def run(
        self,
        calls: Sequence[ToolCall],
        state: SessionState,
        emit: Emit,
        results: dict[str, ToolResult],
    ) -> None:
        """Run `calls` and put one result each into `results`, also when this is cancelled."""
        reads: list[asyncio.Task[None]] = []
        try:
            for call in calls:
                planned = await self._plan(call, state, emit, results)
                if planned is None:
                    continue
                if planned.plan.access == "read":
                    reads.append(asyncio.create_task(self._execute(planned, state, emit, results)))
                    continue
                await _all(reads)
                await self._execute(planned, state, emit, results)
            await _all(reads)
        finally:
            for task in reads:
                task.cancel()
            await asyncio.gather(*reads, return_exceptions=True)
            self.refuse(calls, NOT_RUN, emit, results)

    def refuse(
        self,
        calls: Sequence[ToolCall],
        reason: str,
        emit: Emit,
        results: dict[str, ToolResult],
    ) -> None:
        """Answer the calls that have no result yet with `reason`, each of them, come what may."""
        with ExitStack() as refusing:
            for call in reversed(calls):
                if call.id not in results:
                    outcome = ToolOutcome(reason, ok=False)
                    refusing.callback(self._finish, call, outcome, 0.0, emit, results)

    async def _plan(
        self, call: ToolCall, state: SessionState, emit: Emit, results: dict[str, ToolResult]
    ) -> _Planned | None:
        context = CallContext(
            state.workspace,
            self.spill_folder,
            state.seen,
            lambda chunk: emit(ToolOutput(call.id, chunk)),
        )
        try:
            tool = self.tools.get(call.name)
            if tool is None:
                raise ToolFailure(
                    f"There is no tool '{call.name}'.", hint=f"Tools: {', '.join(self.tools)}."
                )
            if call.arguments is None:
                raise ToolFailure(
                    "The arguments are not a JSON object, so the call did not run.",
                    hint=f"Received: {call.arguments_raw[:200]}",
                )
            plan = await tool.plan(call.arguments, context)
        except KoiError as error:
            self._finish(call, _failure(error), 0.0, emit, results)
            return None
        except Exception as error:
            log.exception("planning tool %s failed", call.name)
            self._finish(call, _defect(error), 0.0, emit, results)
            return None
        return _Planned(call, tool, call.arguments, plan, context)

    async def _execute(
        self, planned: _Planned, state: SessionState, emit: Emit, results: dict[str, ToolResult]
    ) -> None:
        call, plan = planned.call, planned.plan

        def tell(event: AgentEvent) -> None:
            self._recorder.approval(event)
            emit(event)

        verdict = await self._gate.check(call, plan, lambda: state.mode, tell)
        if not verdict.allowed:
            self.unattended += verdict.unattended
            denied = ToolOutcome(verdict.message, ok=False, summary="denied")
            self._finish(call, denied, 0.0, emit, results)
            return
        self._recorder.intent(call, plan.summary)
        if plan.access != "read":
            await self._recorder.sync()
        emit(ToolStarted(call, plan.summary))
        started = time.monotonic()
        try:
            outcome = await planned.tool.run(planned.arguments, plan, planned.context)
        except asyncio.CancelledError:
            interrupted = ToolOutcome(INTERRUPTED, ok=False, summary="interrupted")
            self._finish(call, interrupted, time.monotonic() - started, emit, results)
            raise
        except StorageError:
            raise
        except KoiError as error:
            outcome = _failure(error)
        except Exception as error:
            log.exception("tool %s failed", call.name)
            outcome = _defect(error)
        self._finish(call, outcome, time.monotonic() - started, emit, results)

    def _finish(
        self,
        call: ToolCall,
        outcome: ToolOutcome,
        duration_s: float,
        emit: Emit,
        results: dict[str, ToolResult],
    ) -> None:
        result = ToolResult(call.id, outcome.content, outcome.ok)
        results[call.id] = result
        finished = ToolFinished(
            call_id=call.id,
            name=call.name,
            ok=outcome.ok,
            content=outcome.content,
            truncated=outcome.truncated,
            duration_s=duration_s,
            summary=outcome.summary,
            display=outcome.display,
            spill_path=outcome.spill_path,
        )
        try:
            self._recorder.result(result, finished)
        finally:
            emit(finished)


def _failure(error: KoiError) -> ToolOutcome:
    text = f"{error.title}\n{error.hint}" if error.hint else error.title
    return ToolOutcome(text, ok=False, summary=error.title)


def _defect(error: Exception) -> ToolOutcome:
    return ToolOutcome(f"koi failed inside this tool: {type(error).__name__}", ok=False)


async def _all(tasks: list[asyncio.Task[None]]) -> None:
    if tasks:
        await asyncio.gather(*tasks)
        tasks.clear()
