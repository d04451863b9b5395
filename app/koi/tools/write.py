"""The write tool: a whole file, new or instead of one that the model has read."""

from __future__ import annotations

import asyncio

import msgspec

from koi.core.errors import ToolFailure
from koi.core.messages import JsonObject
from koi.core.seams import ToolContext, ToolOutcome, ToolPlan
from koi.files.paths import WorkspacePath, resolve
from koi.tools.arguments import parse_arguments, tool_schema
from koi.tools.content import ABSENT, digest, load, require_same, require_seen, store
from koi.tools.diff import Diff, unified_diff
from koi.tools.text_file import TextFile, decode

WRITTEN_BYTES = 1_000_000
REPLACED_BYTES = 20_000_000
SHOWN_DIFF = 60_000


class WriteArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What write takes."""

    path: str
    content: str


class WriteTool:
    """Writes atomically; the mode, encoding and CRLF line ends of an existing file are kept."""

    name = "write"
    schema = tool_schema(name, WriteArguments, __file__)

    async def plan(self, arguments: JsonObject, context: ToolContext) -> ToolPlan:
        """The diff against what is there. Raises ToolFailure for content the model did not see."""
        wanted = parse_arguments(self.name, arguments, WriteArguments)
        target = resolve(wanted.path, context.workspace)
        before = await asyncio.to_thread(load, target, REPLACED_BYTES)
        if before is not None:
            require_seen(target, before, context)
        after = _after(before, wanted.content, target)
        change = await asyncio.to_thread(_change, before, after, target)
        unchanged = "an empty file" if before is None else "nothing changes"
        return ToolPlan(
            "write",
            f"{target.name} {change.summary if before is not None else f'(new, +{change.added})'}",
            change.text or f"{target.name}: {unchanged}\n",
            "diff",
            (target.path,),
            precondition=ABSENT if before is None else digest(before),
        )

    async def run(self, arguments: JsonObject, plan: ToolPlan, context: ToolContext) -> ToolOutcome:
        """Write, if what is there is still what the plan was made against."""
        wanted = parse_arguments(self.name, arguments, WriteArguments)
        target, before = await asyncio.to_thread(
            require_same, wanted.path, plan, context, REPLACED_BYTES
        )
        after = _after(before, wanted.content, target)
        await asyncio.to_thread(store, target, after, context)
        change = await asyncio.to_thread(_change, before, after, target)
        done = "Created" if before is None else "Replaced"
        return ToolOutcome(
            f"{done} {target.name} ({len(after):,} bytes).",
            summary=change.summary,
            display=shown_diff(change),
        )


def shown_diff(change: Diff) -> str:
    """The diff for people, cut at a line border when it is very long."""
    if len(change.text) <= SHOWN_DIFF:
        return change.text
    cut = change.text.rfind("\n", 0, SHOWN_DIFF) + 1
    return f"{change.text[:cut]}[the diff goes on: {change.summary} lines in all]\n"


def _after(before: bytes | None, content: str, target: WorkspacePath) -> bytes:
    old = None if before is None else decode(before)
    form = TextFile("") if old is None else old
    if old is not None and old.line_end == "\r\n" and "\r\n" not in content:
        content = content.replace("\n", "\r\n")
    try:
        data = form.encode(content)
    except UnicodeEncodeError:
        try:
            data = content.encode()
        except UnicodeEncodeError as error:
            raise ToolFailure(f"The content for {target.name} is not valid Unicode.") from error
    if len(data) > WRITTEN_BYTES:
        raise ToolFailure(
            f"The content for {target.name} has {len(data):,} bytes; "
            f"write takes at most {WRITTEN_BYTES:,}.",
            hint="Write it in parts with edit, or make it with a command.",
        )
    return data


def _change(before: bytes | None, after: bytes, target: WorkspacePath) -> Diff:
    return unified_diff(
        None if before is None else _text(before, target), _text(after, target), target.name
    )


def _text(data: bytes, target: WorkspacePath) -> str:
    text = decode(data)
    return f"[binary, {len(data):,} bytes of {target.name}]\n" if text is None else text.text
