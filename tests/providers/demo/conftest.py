"""A conversation with the demo in a real folder: its calls run with koi's real tools."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from koi.core.errors import ToolFailure
from koi.core.messages import Message, ModelRequest, Text, ToolCall, ToolResult
from koi.core.provider_events import StreamEnded
from koi.providers.demo.provider import DemoProvider
from koi.tools.registry import builtin_tools


@dataclass
class Lent:
    """The ToolContext of all calls of one talk."""

    workspace: Path
    spill_folder: Path
    seen: dict[Path, str] = field(default_factory=dict)

    def output(self, chunk: str) -> None:
        """Nobody watches."""

    def remember_read(self, path: Path, digest: str) -> None:
        self.seen[path] = digest

    def seen_digest(self, path: Path) -> str | None:
        return self.seen.get(path)


@dataclass
class Talk:
    """A session: `say` plays one turn and returns the last text of the demo."""

    workspace: Path
    lent: Lent
    denied: tuple[str, ...] = ()
    offered: tuple[str, ...] = ("read", "write", "edit", "ls", "glob", "grep", "bash")
    messages: tuple[Message, ...] = ()
    steps: list[list[tuple[str, dict[str, object]]]] = field(default_factory=list)
    """The calls of each answer of the last turn."""
    texts: list[str] = field(default_factory=list)

    async def say(self, prompt: str) -> str:
        self.messages += (Message("user", (Text(prompt),)),)
        self.steps, self.texts = [], []
        for _ in range(10):
            answer = await self._answer()
            self.messages += (answer,)
            self.texts.append(answer.text)
            if not answer.tool_calls:
                return answer.text
            self.steps.append([(call.name, call.arguments or {}) for call in answer.tool_calls])
            results = [await self._run(call) for call in answer.tool_calls]
            self.messages += (Message("user", tuple(results)),)
        pytest.fail("the demo does not come to an end")

    async def _answer(self) -> Message:
        schemas = tuple(tool.schema for tool in builtin_tools() if tool.name in self.offered)
        request = ModelRequest("koi", self.messages, tools=schemas)
        # A new provider for each request: it may remember nothing.
        async for event in DemoProvider(pace=0).stream(request):
            if isinstance(event, StreamEnded):
                return Message("assistant", event.parts)
        pytest.fail("the stream did not end")

    async def _run(self, call: ToolCall) -> ToolResult:
        [tool] = [tool for tool in builtin_tools() if tool.name == call.name]
        assert call.arguments is not None
        try:
            plan = await tool.plan(call.arguments, self.lent)
            if call.name in self.denied:
                return ToolResult(call.id, "Denied by the user. Do not try again.", ok=False)
            outcome = await tool.run(call.arguments, plan, self.lent)
        except ToolFailure as error:
            return ToolResult(call.id, f"{error.title}\n{error.hint}".strip(), ok=False)
        return ToolResult(call.id, outcome.content, outcome.ok)

    @property
    def tools_called(self) -> list[list[str]]:
        return [[name for name, _ in step] for step in self.steps]


@pytest.fixture
def talk(workspace: Path, tmp_path: Path) -> Talk:
    spill = tmp_path / "spill"
    spill.mkdir()
    return Talk(workspace, Lent(workspace, spill))
