"""A session over a scripted provider and small real tools."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import pytest

from koi.agent.gate import Approver, Gate, Nobody
from koi.agent.loop import TurnLimits, TurnParts
from koi.agent.recorder import Recorder
from koi.agent.runner import ToolRunner
from koi.agent.session import Session
from koi.agent.state import SessionState
from koi.core.agent_events import AgentEvent, ApprovalDecision, ApprovalRequested
from koi.core.budgets import BudgetLimit
from koi.core.errors import ProviderError
from koi.core.messages import JsonObject, ModelRequest, Part, Text, ToolCall, ToolMode, ToolSchema
from koi.core.provider_events import (
    FinishReason,
    ProviderEvent,
    StreamEnded,
    TextDelta,
    ToolCallReady,
    UsageReported,
)
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo, Provider, ToolAccess, ToolContext, ToolOutcome, ToolPlan
from koi.core.usage import Price, Usage
from koi.routing.attempts import Attempts
from koi.routing.backoff import RetryPolicy
from koi.routing.budget import Budget
from koi.routing.limits import BudgetLimits
from koi.safety.rules import Rule
from koi.store.journal import Journal
from koi.store.records import SessionRecord
from tests.chains import Chosen

MODEL = ModelReference("scripted", "one")
Step: TypeAlias = "ProviderEvent | ProviderError | float"


def answer(
    text: str = "",
    *calls: ToolCall,
    usage: Usage | None = None,
    reason: FinishReason | None = None,
) -> list[Step]:
    """The events of one complete answer."""
    parts: list[Part] = [Text(text)] if text else []
    steps: list[Step] = [TextDelta(text)] if text else []
    for call in calls:
        parts.append(call)
        steps.append(ToolCallReady(call))
    if usage is not None:
        steps.append(UsageReported(usage))
    finish = reason or ("tool_calls" if calls else "stop")
    steps.append(StreamEnded(finish, finish, tuple(parts)))
    return steps


class ScriptedProvider:
    """Plays one list of steps a request; a number waits that many seconds."""

    name = "scripted"

    def __init__(self) -> None:
        self.answers: list[list[Step]] = []
        self.requests: list[ModelRequest] = []

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        self.requests.append(request)
        for step in self.answers.pop(0):
            match step:
                case ProviderError():
                    raise step
                case float():
                    await asyncio.sleep(step)
                case _:
                    yield step

    def complete(self, request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        return self.stream(request)

    def tool_mode(self, model: str) -> ToolMode:
        return "native"

    def learn(self, request: ModelRequest, error: ProviderError) -> str:
        return ""

    async def list_models(self) -> tuple[ModelInfo, ...]:
        return ()

    async def model_info(self, model: str) -> ModelInfo:
        return ModelInfo(ModelReference(self.name, model))

    async def embed(self, model: str, texts: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
        return ()

    async def is_available(self) -> bool:
        return True

    async def aclose(self) -> None:
        pass


class NoteTool:
    """A tool that notes when it begins and ends; `wait` keeps it running."""

    def __init__(self, name: str, access: ToolAccess, log: list[str]) -> None:
        self.name = name
        self.schema = ToolSchema(name, "notes", {"type": "object"})
        self._access = access
        self._log = log

    async def plan(self, arguments: JsonObject, context: ToolContext) -> ToolPlan:
        path = context.workspace / str(arguments.get("path", "a.txt"))
        command = str(arguments.get("command", "")) if self._access == "execute" else ""
        paths = () if command else (path,)
        return ToolPlan(self._access, f"{self.name} it", paths=paths, command=command)

    async def run(self, arguments: JsonObject, plan: ToolPlan, context: ToolContext) -> ToolOutcome:
        tag = f"{self.name}:{arguments.get('tag', '')}"
        self._log.append(f"begin {tag}")
        wait = arguments.get("wait", 0)
        assert isinstance(wait, int | float)
        await asyncio.sleep(wait)
        self._log.append(f"end {tag}")
        context.output("some output")
        return ToolOutcome(f"result of {tag}")


@dataclass
class Person:
    """Answers questions from a list; deny when it is empty."""

    answers: list[ApprovalDecision] = field(default_factory=list)
    asked: list[ApprovalRequested] = field(default_factory=list)

    async def approve(self, request: ApprovalRequested) -> ApprovalDecision | None:
        self.asked.append(request)
        return self.answers.pop(0) if self.answers else "deny"


@dataclass
class Bench:
    """A session with everything around it in reach."""

    session: Session
    provider: ScriptedProvider
    log: list[str]
    folder: Path

    async def prompt(self, text: str) -> list[AgentEvent]:
        """All events of one turn."""
        async with aclosing(self.session.prompt(text)) as events:
            return [event async for event in events]

    def journal_path(self) -> Path:
        (path,) = (self.folder / "sessions").glob("*.jsonl")
        return path


def build_bench(
    folder: Path,
    workspace: Path,
    *answers: list[Step],
    approver: Approver | None = None,
    rules: Sequence[Rule] = (),
    limits: TurnLimits | None = None,
    budget: dict[BudgetLimit, float] | None = None,
    price: Price | None = None,
    provider_of: Callable[[ModelReference], Provider] | None = None,
    window: int | None = 1000,
    small: ModelReference | None = None,
    unpriced: ModelReference | None = None,
) -> Bench:
    """A session that keeps its files in `folder`; `answers` are what the model says."""
    provider = ScriptedProvider()
    provider.answers = list(answers)
    log: list[str] = []
    tools = (
        NoteTool("look", "read", log),
        NoteTool("change", "write", log),
        NoteTool("bash", "execute", log),
    )
    journal = Journal.create(folder / "sessions", SessionRecord(MODEL, str(workspace), "0", "ask"))
    recorder = Recorder(journal)
    gate = Gate(rules, workspace, approver or Nobody())

    async def price_of(reference: ModelReference) -> Price | None:
        return None if reference == unpriced else price

    def info(model: ModelReference) -> ModelInfo:
        return ModelInfo(model, context_window=window)

    find = provider_of or (lambda model: provider)
    spending = Budget(
        journal.session_id, folder / "ledger.jsonl", price_of, info, BudgetLimits(budget or {})
    )
    parts = TurnParts(
        chains=Chosen(find, small),
        attempts=Attempts(RetryPolicy(backoff_s=0.001), spending),
        spending=spending,
        provider=find,
        model_info=info,
        runner=ToolRunner(tools, gate, recorder, folder / "spill"),
        recorder=recorder,
        limits=limits or TurnLimits(),
    )
    state = SessionState(journal.session_id, workspace, MODEL)
    return Bench(Session(state, parts), provider, log, folder)


MakeBench: TypeAlias = Callable[..., Bench]


@pytest.fixture
def make_bench(tmp_path: Path, workspace: Path) -> MakeBench:
    """Builds a session in the test's own folders; one list of steps a request."""
    return functools.partial(build_bench, tmp_path, workspace)
