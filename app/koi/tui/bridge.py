"""Joins a session to the screen: prompts and answers go in, events come out a frame at a time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING, NamedTuple

from koi.core.agent_events import (
    AgentEvent,
    ApprovalDecision,
    ApprovalRequested,
    RequestStarted,
    Streamed,
    ToolOutput,
    TurnFailed,
)
from koi.core.errors import KoiError, UsageError
from koi.core.provider_events import ReasoningDelta, TextDelta
from koi.view.fold import begin_step, come_to_rest, fold
from koi.view.state import Changed, ScreenState

if TYPE_CHECKING:
    from koi.agent.session import Session

FRAME_S = 1 / 30
"""The screen takes events in at most this often; an answer's first word does not wait."""
SOON_S = 0.004
"""A turn's first event waits so long, so that its request is on the wire before it is painted."""


class Work(NamedTuple):
    """Something that a session does: a prompt, or what has no text of its own."""

    start: Callable[[Session], AsyncGenerator[AgentEvent, None]]
    text: str = ""
    step: str = ""
    """What is shown until the first event."""


class AgentBridge:
    """Runs the turns of one session, one after another, and asks the person for approvals.

    It is the Approver of its session. `show` is called with what changed, at most once a frame.
    """

    def __init__(
        self,
        state: ScreenState,
        show: Callable[[Changed], None],
        turn_ended: Callable[[AgentEvent], None],
    ) -> None:
        self.state = state
        self.session: Session | None = None
        self._show = show
        self._turn_ended = turn_ended
        self._work: deque[Work] = deque()
        self._wake = asyncio.Event()
        self._at_rest = asyncio.Event()
        self._at_rest.set()
        self._pending: list[AgentEvent] = []
        self._frame: asyncio.TimerHandle | None = None
        self._shown_at = 0.0
        self._awaits_first = False
        self._questions: dict[str, asyncio.Future[ApprovalDecision]] = {}

    def attach(self, session: Session) -> None:
        """The session is open: prompts typed before it was go to it now."""
        self.session = session
        self._wake.set()

    def submit(self, text: str) -> None:
        """Send a prompt, or queue it behind the turn that runs."""
        self._work.append(Work(lambda session: session.prompt(text), text))
        self.state.queue(text)
        self._wake.set()
        if self.state.busy or self.session is None:
            self._show(Changed.ACTIVITY)

    def perform(self, work: Work) -> None:
        """Do something else than a prompt. Raises UsageError while a turn runs."""
        if self.state.busy or self._work or self.session is None:
            raise UsageError("koi is at work", hint="Wait for the end of the turn; Esc stops it.")
        self._work.append(work)
        self._wake.set()

    def take_back(self) -> tuple[str, ...]:
        """The prompts that wait; they are not sent then."""
        waiting = tuple(work.text for work in self._work if work.text)
        self._work.clear()
        self.state.queued.clear()
        self._show(Changed.ACTIVITY)
        return waiting

    async def run(self) -> None:
        """Send prompts as they come, until it is cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._work and self.session is not None:
                work = self._work.popleft()
                if work.text:
                    self.state.unqueue()
                await self._run_turn(self.session, work)

    async def interrupt(self) -> None:
        """Stop the running turn; it returns when the screen has shown how it ended."""
        if self.session is not None:
            await self.session.cancel()
        await self._at_rest.wait()

    async def approve(self, request: ApprovalRequested) -> ApprovalDecision | None:
        """Wait for the person's decision on one call."""
        question: asyncio.Future[ApprovalDecision] = asyncio.get_running_loop().create_future()
        self._questions[request.call.id] = question
        try:
            return await question
        finally:
            del self._questions[request.call.id]

    def answer(self, call_id: str, decision: ApprovalDecision) -> None:
        """The person decided on a call. A call that no longer waits is left alone."""
        question = self._questions.get(call_id)
        if question is not None and not question.done():
            question.set_result(decision)

    async def _run_turn(self, session: Session, work: Work) -> None:
        last: AgentEvent | None = None
        self._at_rest.clear()
        if work.step:
            self._show(begin_step(self.state, work.step, time.monotonic()))
        try:
            async with aclosing(work.start(session)) as events:
                async for last in events:
                    self._take(last)
        except KoiError as error:
            last = TurnFailed("", error.report(), "", 0.0)
            self._take(last)
        finally:
            self._flush()
            if self.state.busy:  # it had no turn, or was stopped before it could say so
                self._show(come_to_rest(self.state, time.monotonic()))
            self._at_rest.set()
        if last is not None:
            self._turn_ended(last)

    def _take(self, event: AgentEvent) -> None:
        self._pending.append(event)
        if isinstance(event, RequestStarted):
            self._awaits_first = True
        elif self._awaits_first and _delta(event) is not None:
            self._awaits_first = False
            self._flush()
            return
        if self._frame is None:
            wait = max(SOON_S, self._shown_at + FRAME_S - time.monotonic())
            self._frame = asyncio.get_running_loop().call_later(wait, self._flush)

    def _flush(self) -> None:
        if self._frame is not None:
            self._frame.cancel()
            self._frame = None
        events, self._pending = self._pending, []
        if not events:
            return
        now = self._shown_at = time.monotonic()
        changed = Changed.NOTHING
        for event in merged(events):
            changed |= fold(self.state, event, now)
        self._show(changed)


def merged(events: Iterable[AgentEvent]) -> Iterator[AgentEvent]:
    """The same events with neighbouring deltas of one kind and one source made into one."""
    held: AgentEvent | None = None
    texts: list[str] = []
    for event in events:
        text = _delta(event)
        if text is not None and held is not None and _same_source(held, event):
            texts.append(text)
            continue
        if held is not None:
            yield _with_delta(held, "".join(texts))
            held = None
        if text is None:
            yield event
        else:
            held, texts = event, [text]
    if held is not None:
        yield _with_delta(held, "".join(texts))


def _delta(event: AgentEvent) -> str | None:
    match event:
        case Streamed(event=TextDelta(delta) | ReasoningDelta(delta)):
            return delta
        case ToolOutput(chunk=chunk):
            return chunk
        case _:
            return None


def _same_source(one: AgentEvent, other: AgentEvent) -> bool:
    match one, other:
        case Streamed(id_one, event_one), Streamed(id_other, event_other):
            return id_one == id_other and type(event_one) is type(event_other)
        case ToolOutput(call_one), ToolOutput(call_other):
            return call_one == call_other
        case _:
            return False


def _with_delta(event: AgentEvent, text: str) -> AgentEvent:
    match event:
        case Streamed(request_id, TextDelta()):
            return Streamed(request_id, TextDelta(text))
        case Streamed(request_id, ReasoningDelta()):
            return Streamed(request_id, ReasoningDelta(text))
        case ToolOutput(call_id):
            return ToolOutput(call_id, text)
        case _:
            return event
