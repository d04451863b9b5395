"""The read tool: a window of a text file with line numbers."""

from __future__ import annotations

import asyncio
import hashlib
import os
from typing import Annotated, BinaryIO

import msgspec

from koi.core.errors import ToolFailure
from koi.core.messages import JsonObject
from koi.core.seams import ToolContext, ToolOutcome, ToolPlan
from koi.files.paths import WorkspacePath, missing, open_file, resolve, stat_file
from koi.tools.arguments import parse_arguments, tool_schema
from koi.tools.content import digest
from koi.tools.text_file import decode, is_binary

WHOLE_BYTES = 1_500_000
SHOWN_LINES = 2_000
SHOWN_BYTES = 50_000
LINE_CHARACTERS = 2_000
_CHUNK = 1024 * 1024
_HASHED_BYTES = 256 * 1024 * 1024


class ReadArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What read takes."""

    path: str
    offset: Annotated[int, msgspec.Meta(ge=1, description="first line, from 1")] = 1
    limit: Annotated[int, msgspec.Meta(ge=0, description="lines; 0: as many as fit")] = 0


class _Window(msgspec.Struct, frozen=True):
    lines: list[str]
    total: int | None
    """Lines of the file, None when it was not read to its end."""
    digest: str | None
    encoding: str


class ReadTool:
    """Reads regular files; the result never exceeds 2,000 lines or 50 KB."""

    name = "read"
    schema = tool_schema(name, ReadArguments, __file__)

    async def plan(self, arguments: JsonObject, context: ToolContext) -> ToolPlan:
        """Raises ToolFailure for a file that is missing, too large, or no file."""
        wanted = parse_arguments(self.name, arguments, ReadArguments)
        target = resolve(wanted.path, context.workspace)
        status = stat_file(target)
        if status is None:
            raise missing(target)
        if status.st_size > WHOLE_BYTES and wanted.limit == 0 and wanted.offset == 1:
            raise ToolFailure(
                f"{target.name} has {status.st_size:,} bytes, too many to read at once.",
                hint="Give offset and limit (in lines), or search it with grep.",
            )
        return ToolPlan("read", target.name, paths=(target.path,))

    async def run(self, arguments: JsonObject, plan: ToolPlan, context: ToolContext) -> ToolOutcome:
        """The lines, and how to get the next ones. Raises ToolFailure for a binary file."""
        wanted = parse_arguments(self.name, arguments, ReadArguments)
        target = resolve(wanted.path, context.workspace)
        if (target.path,) != plan.paths:
            raise ToolFailure(f"{target.name} leads to another file than before.")
        limit = min(wanted.limit or SHOWN_LINES, SHOWN_LINES)
        window = await asyncio.to_thread(_window, target, wanted.offset, limit)
        if window.digest is not None:
            context.remember_read(target.path, window.digest)
        return _render(window, target, wanted)


def _window(target: WorkspacePath, offset: int, limit: int) -> _Window:
    with os.fdopen(open_file(target), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > WHOLE_BYTES:
            return _large_window(file, target, offset, limit)
        data = file.read(WHOLE_BYTES + 1)
    text = decode(data)
    if text is None:
        raise _binary(target, len(data))
    lines = text.text.split("\n")
    if not lines[-1]:
        lines.pop()
    chosen = lines[offset - 1 : offset - 1 + limit]
    return _Window(chosen, len(lines), digest(data), text.encoding)


def _large_window(file: BinaryIO, target: WorkspacePath, offset: int, limit: int) -> _Window:
    """The same from a file of any size, in bounded memory."""
    line_number, room = 1, SHOWN_BYTES * 4
    lines: list[bytearray] = [bytearray()]
    seen = hashlib.sha256()
    size = 0
    ended, complete = True, False
    last = offset + limit
    while chunk := file.read(_CHUNK):
        if not size and is_binary(chunk):
            raise _binary(target, os.fstat(file.fileno()).st_size)
        seen.update(chunk)
        size += len(chunk)
        if line_number + chunk.count(b"\n") < offset or line_number >= last:
            line_number += chunk.count(b"\n")
        else:
            for index, piece in enumerate(chunk.split(b"\n")):
                line_number += index > 0
                if not offset <= line_number < last:
                    continue
                if index > 0 and line_number > offset:
                    lines.append(bytearray())
                kept = piece[: max(0, min(room, LINE_CHARACTERS * 4 + 4 - len(lines[-1])))]
                lines[-1] += kept
                room -= len(kept)
        if size > _HASHED_BYTES and line_number >= last:
            ended = False
            break
        complete = chunk.endswith(b"\n")
    total = line_number - (1 if ended and complete else 0)
    if total < offset:
        lines = []
    elif ended and complete and total < last - 1 and not lines[-1]:
        lines.pop()
    try:
        texts, encoding = [line.decode() for line in lines], "utf-8"
    except UnicodeDecodeError:
        texts, encoding = [line.decode("utf-8", "replace") for line in lines], "utf-8 (damaged)"
    return _Window(texts, total if ended else None, seen.hexdigest() if ended else None, encoding)


def _render(window: _Window, target: WorkspacePath, wanted: ReadArguments) -> ToolOutcome:
    if window.total == 0:
        return ToolOutcome("[the file is empty]", summary="empty")
    if not window.lines:
        raise ToolFailure(f"{target.name} has only {window.total:,} lines.")
    shown: list[str] = []
    room = SHOWN_BYTES
    cut_lines = 0
    for number, raw in enumerate(window.lines, wanted.offset):
        line = raw.removesuffix("\r")
        if len(line) > LINE_CHARACTERS:
            cut_lines += 1
            line = f"{line[:LINE_CHARACTERS]}… [line cut at {LINE_CHARACTERS:,} characters]"
        entry = f"{number}\t{line}"
        room -= len(entry.encode("utf-8", "replace")) + 1
        if room < 0:
            break
        shown.append(entry)
    last = wanted.offset + len(shown) - 1
    notes = []
    more = window.total is None or last < window.total
    if more:
        of = "" if window.total is None else f" of {window.total:,}"
        notes.append(f"[lines {wanted.offset}-{last}{of}; continue with offset={last + 1}]")
    if window.encoding not in ("utf-8", "ascii"):
        notes.append(f"[encoding: {window.encoding}]")
    truncated = cut_lines > 0 or (more and not (wanted.limit and len(shown) == wanted.limit))
    count = "1 line" if len(shown) == 1 else f"{len(shown):,} lines"
    return ToolOutcome("\n".join([*shown, *notes]), truncated=truncated, summary=count)


def _binary(target: WorkspacePath, size: int) -> ToolFailure:
    return ToolFailure(
        f"{target.name} is a binary file of {size:,} bytes; read shows text only.",
        hint="Look at it through bash (file, xxd | head), if it matters.",
    )
