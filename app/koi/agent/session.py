"""A session: prompts go in, events come out, everything is journaled on the way."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable

import msgspec

from koi.agent.loop import TurnParts, TurnProgress, build_request, run_turn
from koi.agent.overflow import compact_asked, take_back
from koi.agent.runner import Emit
from koi.agent.state import SessionState
from koi.config.schema import RoleName
from koi.core.agent_events import (
    AgentEvent,
    Compacted,
    TurnCancelled,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from koi.core.budgets import BudgetLimit, BudgetUse
from koi.core.errors import KoiError, StorageError, UsageError
from koi.core.messages import Message, Text, ToolMode
from koi.core.request_events import CandidateState, Estimate

log = logging.getLogger(__name__)


class Session:
    """One conversation in one workspace. Only one turn runs at a time."""

    def __init__(
        self,
        state: SessionState,
        parts: TurnParts,
        closing: Callable[[], Awaitable[None]] | None = None,
        renewing: Callable[[], None] | None = None,
    ) -> None:
        self.state = state
        self._parts = parts
        self._closing = closing
        self._renewing = renewing
        self._turn: asyncio.Task[None] | None = None
        self._ending = False
        """An interrupt must not cut short the recording of a turn's end, nor make a second one."""
        self._broken = False
        """The last turn did not come to its end: an answer at the end of the history is cut."""
        self._refused = False
        """The last request found no credential, or its credential or a limit was in its way."""

    @property
    def tool_mode(self) -> ToolMode:
        """How the model is offered tools, as far as is known now. Raises KoiError."""
        return self._parts.tool_mode(self.state)

    def prompt(self, text: str) -> AsyncGenerator[AgentEvent, None]:
        """Run one turn and yield its events; the last one says how it ended.

        Raises UsageError when a turn is running, StorageError when the prompt cannot be
        journaled: nothing was sent then. Leaving the iteration early cancels the turn.
        """
        return self._events(text)

    def go_on(self) -> AsyncGenerator[AgentEvent, None]:
        """Go on with a turn that stopped at a limit or an error, or was interrupted.

        The same events as of `prompt`; the prompt of TurnStarted is "". An answer that broke off
        is asked for again. Raises UsageError also when the last turn came to its end.
        """
        return self._events(None)

    async def _events(self, text: str | None) -> AsyncGenerator[AgentEvent, None]:
        self._occupy()
        events: asyncio.Queue[AgentEvent | None] = asyncio.Queue()
        progress = TurnProgress(uuid.uuid4().hex[:12], time.monotonic())
        try:
            if text is None:
                self._take_up()
            else:
                self._begin(text, progress)
            events.put_nowait(TurnStarted(progress.turn_id, text or ""))
            self._turn = turn = asyncio.create_task(self._run(progress, events, text))
            turn.add_done_callback(lambda _: events.put_nowait(None))
            while (event := await events.get()) is not None:
                yield event
            if turn.cancelled():  # interrupted before it could begin
                yield self._cancelled(progress)
            else:
                turn.result()
        finally:
            await self._free()

    async def compact(self, matters: str = "") -> AsyncGenerator[AgentEvent, None]:
        """Make the conversation shorter for the model now; the last event is Compacted.

        `matters` is what the summary keeps above all. When it is interrupted, or the iteration is
        left early, or it fails, nothing has changed, and there is no Compacted. Raises UsageError
        when a turn is running or nothing would be gained; LimitReached, StorageError,
        CredentialMissing, ProviderError.
        """
        self._occupy()
        events: asyncio.Queue[AgentEvent | None] = asyncio.Queue()
        try:
            self._turn = turn = asyncio.create_task(self._compact(matters, events.put_nowait))
            turn.add_done_callback(lambda _: events.put_nowait(None))
            while (event := await events.get()) is not None:
                yield event
            if not turn.cancelled():
                turn.result()
        finally:
            await self._free()

    async def undo_compaction(self) -> Compacted:
        """Take the last compaction back: the model has the whole conversation before it again.

        What was said after it stays and follows. Raises UsageError when a turn is running or
        there is nothing to take back, StorageError.
        """
        self._occupy()
        try:
            request = build_request(self.state, self._parts)
            return await take_back(request, self.state, self._parts)
        finally:
            await self._free()

    def renew(self) -> None:
        """From the next request on, use credentials and configuration as they are now.

        Raises ConfigurationError; then those from before stay.
        """
        if self._renewing is not None:
            self._renewing()
        self._parts.attempts.forget_refusals()

    async def candidates(self, role: RoleName = "executor") -> tuple[CandidateState, ...]:
        """Every model and key of a role in the order in which they are tried, as they are now.

        Raises UsageError, ConfigurationError, CredentialMissing.
        """
        chains = self._parts.chains
        chain = chains.chain(role, await chains.role_reference(role, self.state.model))
        return await self._parts.attempts.states(chain)

    def forget_rests(self) -> None:
        """From the next request on, ask every model and key again, as if none had failed."""
        self._parts.attempts.forget_rests()

    def stop(self) -> None:
        """Begin to interrupt the running turn; for signal handlers, which cannot wait."""
        turn = self._turn
        if turn is None or turn.done() or self._ending:
            return
        self._ending = True
        turn.cancel()

    async def cancel(self) -> None:
        """Interrupt the running turn and wait until every open call has its result."""
        self.stop()
        if self._turn is not None:
            await asyncio.wait([self._turn])

    async def close(self) -> None:
        """Interrupt, put everything on the disk, close connections."""
        await self.cancel()
        self._parts.recorder.close()
        if self._closing is not None:
            await self._closing()

    async def estimate(self, draft: str = "") -> Estimate:
        """What the next request will probably cost, with `draft` as its prompt, of the model that
        it would go to now.

        Raises UsageError, ConfigurationError: the model cannot be asked.
        """
        state, parts = self.state, self._parts
        request = build_request(state, parts)
        if draft:
            messages = (*request.messages, Message("user", (Text(draft),)))
            request = msgspec.structs.replace(request, messages=messages)
        chain = parts.chains.chain("executor", state.model)
        model = await parts.attempts.next_model(chain)
        return await parts.spending.estimate(model, chain.role, request)

    def limits(self) -> tuple[BudgetUse, ...]:
        """The limits that are set, and how far they are used up. Raises StorageError."""
        return self._parts.spending.uses()

    def set_limit(self, limit: BudgetLimit, value: float | None) -> None:
        """Set a limit for this session only; None takes it away. Raises UsageError."""
        if limit == "max_turns":
            steps = None if value is None else int(value)
            self._parts.limits = msgspec.structs.replace(self._parts.limits, max_steps=steps)
        else:
            self._parts.spending.set_limit(limit, value)

    def _occupy(self) -> None:
        if self.state.busy:
            raise UsageError("a turn is running", hint="Wait for it, or interrupt it first.")
        self.state.busy = True
        self._ending = False

    async def _free(self) -> None:
        await self.cancel()
        self._turn = None
        self.state.busy = False

    async def _compact(self, matters: str, emit: Emit) -> None:
        if self._refused:
            self.renew()
            self._refused = False
        request = build_request(self.state, self._parts)
        await compact_asked(request, matters, self.state, self._parts, emit)

    def _begin(self, text: str, progress: TurnProgress) -> None:
        state, message = self.state, Message("user", (Text(text),))
        self._parts.recorder.prompt(message, progress.turn_id, state.mode, state.model)
        state.history.append(message)
        state.turns += 1
        state.account.begin_turn()

    def _take_up(self) -> None:
        """Make the history end where the model is to answer. Raises UsageError."""
        state = self.state
        cut = self._broken or len(state.history) - 1 in state.cut
        if not state.history or (state.history[-1].role == "assistant" and not cut):
            raise UsageError("there is nothing to go on with", hint="Send a prompt.")
        self._parts.recorder.changes(state.mode, state.model)
        if state.history[-1].role == "assistant":
            state.history.pop()
            state.cut -= {len(state.history)}

    async def _run(
        self,
        progress: TurnProgress,
        events: asyncio.Queue[AgentEvent | None],
        prompt: str | None,
    ) -> None:
        syncing = asyncio.create_task(self._parts.recorder.sync())
        self._broken = True
        try:
            if self._refused:  # it may have been mended, as in another terminal
                self.renew()
                self._refused = False
            finished = await run_turn(self.state, self._parts, events.put_nowait, progress, prompt)
            await syncing
            self._ending = True
            end: AgentEvent = await self._finished(progress, finished)
            self._broken = False
        except asyncio.CancelledError:
            end = self._cancelled(progress)
        except KoiError as error:
            self._ending = True
            self._refused = self._refused or error.kind in ("auth", "budget")
            end = self._failed(progress, error)
        except Exception as error:
            self._ending = True
            log.exception("a turn failed inside koi")
            title = f"koi itself failed: {type(error).__name__}"
            unexpected = KoiError(title, hint="The details are in koi.log. The session goes on.")
            end = self._failed(progress, unexpected)
        await asyncio.gather(syncing, return_exceptions=True)
        events.put_nowait(end)

    async def _finished(self, progress: TurnProgress, finished: TurnFinished) -> TurnFinished:
        """Put the end on the disk before it is told. Raises StorageError."""
        recorder = self._parts.recorder
        recorder.turn_end(progress.turn_id, "finished", progress.seconds, finished.finish_reason)
        await recorder.sync()
        return finished

    def _cancelled(self, progress: TurnProgress) -> AgentEvent:
        try:
            self._parts.recorder.turn_end(progress.turn_id, "cancelled", progress.seconds)
        except StorageError as error:
            return self._failed(progress, error)
        return TurnCancelled(progress.turn_id, progress.shown, progress.seconds)

    def _failed(self, progress: TurnProgress, error: KoiError) -> AgentEvent:
        report = error.report()
        try:
            self._parts.recorder.error(report)
            self._parts.recorder.turn_end(progress.turn_id, "failed", progress.seconds)
        except StorageError as unwritten:
            report = unwritten.report()
        return TurnFailed(progress.turn_id, report, progress.shown, progress.seconds)
