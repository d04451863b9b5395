"""A session's side of a tool call: a workspace, what was read, and what was shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from koi.core.messages import JsonObject
from koi.core.seams import Tool, ToolOutcome, ToolPlan
from koi.tools.registry import builtin_tools


@dataclass
class Bench:
    """Calls tools as an agent does; it is their ToolContext."""

    workspace: Path
    spill_folder: Path
    seen: dict[Path, str] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    tools: dict[str, Tool] = field(
        default_factory=lambda: {tool.name: tool for tool in builtin_tools()}
    )

    def output(self, chunk: str) -> None:
        self.shown.append(chunk)

    def remember_read(self, path: Path, digest: str) -> None:
        self.seen[path] = digest

    def seen_digest(self, path: Path) -> str | None:
        return self.seen.get(path)

    async def plan(self, name: str, /, **arguments: object) -> ToolPlan:
        return await self.tools[name].plan(arguments, self)

    async def run(self, name: str, plan: ToolPlan, /, **arguments: object) -> ToolOutcome:
        return await self.tools[name].run(arguments, plan, self)

    async def call(self, name: str, /, **arguments: object) -> ToolOutcome:
        given: JsonObject = arguments
        return await self.run(name, await self.plan(name, **given), **given)

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


@pytest.fixture
def bench(workspace: Path, tmp_path: Path) -> Bench:
    """A workspace with the built-in tools."""
    return Bench(workspace, tmp_path / "spill")
