"""The ls tool: the names in one folder."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import msgspec

from koi.core.errors import ToolFailure
from koi.core.messages import JsonObject
from koi.core.seams import ToolContext, ToolOutcome, ToolPlan
from koi.files.paths import WorkspacePath, missing, readable_name, resolve
from koi.tools.arguments import parse_arguments, tool_schema

SHOWN_ENTRIES = 500
_SCANNED_ENTRIES = 100_000


class LsArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ls takes."""

    path: str = "."


class LsTool:
    """Lists folders; at most 500 entries."""

    name = "ls"
    schema = tool_schema(name, LsArguments, __file__)

    async def plan(self, arguments: JsonObject, context: ToolContext) -> ToolPlan:
        """Raises ToolFailure when there is no such folder."""
        wanted = parse_arguments(self.name, arguments, LsArguments)
        target = resolve(wanted.path, context.workspace)
        require_folder(target)
        return ToolPlan("read", target.name, paths=(target.path,))

    async def run(self, arguments: JsonObject, plan: ToolPlan, context: ToolContext) -> ToolOutcome:
        """One entry on each line, folders first."""
        entries, count = await asyncio.to_thread(_entries, plan.paths[0])
        if not count:
            return ToolOutcome("[the folder is empty]", summary="empty")
        shown = entries[:SHOWN_ENTRIES]
        if count > len(shown):
            shown.append(f"[{count - SHOWN_ENTRIES:,} more; narrow it with glob]")
        return ToolOutcome(
            "\n".join(shown),
            truncated=count > SHOWN_ENTRIES,
            summary="1 entry" if count == 1 else f"{count:,} entries",
        )


def require_folder(target: WorkspacePath) -> None:
    """Raises ToolFailure unless `target` is a folder."""
    if target.path.is_dir():
        return
    if os.path.lexists(target.path):
        raise ToolFailure(f"{target.name} is not a folder.", hint="Read it with read.")
    raise missing(target)


def _entries(folder: Path) -> tuple[list[str], int]:
    found: list[tuple[bool, str, str]] = []
    count = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                count += 1
                if count <= _SCANNED_ENTRIES:
                    is_folder = entry.is_dir(follow_symlinks=False)
                    found.append((not is_folder, entry.name, _line(entry, is_folder)))
    except OSError as error:
        raise ToolFailure(f"{folder} cannot be listed: {error.strerror}.") from error
    return [readable_name(line) for _, _, line in sorted(found)], count


def _line(entry: os.DirEntry[str], is_folder: bool) -> str:
    if is_folder:
        return f"{entry.name}/"
    try:
        if entry.is_symlink():
            return f"{entry.name} -> {os.readlink(entry.path)}"
        if entry.is_file(follow_symlinks=False):
            return f"{entry.name}  {_size(entry.stat(follow_symlinks=False).st_size)}"
    except OSError as error:
        return f"{entry.name}  ({error.strerror})"
    return f"{entry.name}  (no regular file)"


def _size(count: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
