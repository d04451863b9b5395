"""The glob tool: files by name."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import msgspec

from koi.core.errors import ToolFailure
from koi.core.messages import JsonObject
from koi.core.seams import ToolContext, ToolOutcome, ToolPlan
from koi.files.paths import readable_name, resolve
from koi.tools.arguments import parse_arguments, tool_schema
from koi.tools.ls import require_folder
from koi.tools.name_pattern import NamePattern

SHOWN_FILES = 200
_SECONDS = 30.0


class GlobArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What glob takes."""

    pattern: str
    path: str = "."


class GlobTool:
    """Finds files; at most 200, and for at most 30 s."""

    name = "glob"
    schema = tool_schema(name, GlobArguments, __file__)

    async def plan(self, arguments: JsonObject, context: ToolContext) -> ToolPlan:
        """Raises ToolFailure for a wrong pattern or folder."""
        wanted = parse_arguments(self.name, arguments, GlobArguments)
        target = resolve(wanted.path, context.workspace)
        require_folder(target)
        name_pattern(_relative(wanted.pattern, target.path))
        where = "" if target.name == "." else f" in {target.name}"
        return ToolPlan("read", f"{wanted.pattern}{where}", paths=(target.path,))

    async def run(self, arguments: JsonObject, plan: ToolPlan, context: ToolContext) -> ToolOutcome:
        """The paths, relative to the workspace where they are inside."""
        wanted = parse_arguments(self.name, arguments, GlobArguments)
        folder = plan.paths[0]
        pattern = name_pattern(_relative(wanted.pattern, folder))
        stopped = threading.Event()
        try:
            found, late = await asyncio.to_thread(
                _find, folder, context.workspace, pattern, stopped
            )
        finally:
            stopped.set()
        if folder.is_relative_to(context.workspace):
            shown = folder.relative_to(context.workspace)
        else:
            shown = folder
        lines = [readable_name(str(shown / name)) for name in found[:SHOWN_FILES]]
        more = len(found) > SHOWN_FILES
        if more:
            lines.append(f"[more than {SHOWN_FILES} files; narrow the pattern]")
        if late:
            lines.append(f"[stopped after {_SECONDS:.0f} s; search in a smaller folder]")
        count = f"{SHOWN_FILES}+ files" if more else f"{len(found)} files"
        return ToolOutcome(
            "\n".join(lines) or f"No file matches {wanted.pattern}.",
            truncated=more or late,
            summary="1 file" if len(found) == 1 else count,
        )


def name_pattern(pattern: str) -> NamePattern:
    """The compiled pattern. Raises ToolFailure."""
    try:
        return NamePattern(pattern)
    except ValueError as error:
        raise ToolFailure(
            f"{error}.", hint="Give the folder as `path`, and a pattern such as **/*.py."
        ) from None


def _relative(pattern: str, folder: Path) -> str:
    return pattern.removeprefix(f"{folder}/")


def _find(
    folder: Path, workspace: Path, pattern: NamePattern, stopped: threading.Event
) -> tuple[list[str], bool]:
    from koi.tools.walk import walk

    until = time.monotonic() + _SECONDS
    found: list[str] = []
    for name in walk(folder, workspace, lambda: stopped.is_set() or time.monotonic() > until):
        if pattern.matches(name):
            found.append(name)
            if len(found) > SHOWN_FILES:
                break
    return found, time.monotonic() > until
