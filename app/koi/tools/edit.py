"""The edit tool: text for text, where it is found without a doubt."""

from __future__ import annotations

import asyncio
from bisect import bisect_left

import msgspec

from koi.core.errors import ToolFailure
from koi.core.messages import JsonObject
from koi.core.seams import ToolContext, ToolOutcome, ToolPlan
from koi.files.paths import WorkspacePath, missing, resolve
from koi.tools.arguments import parse_arguments, tool_schema
from koi.tools.content import digest, load, require_same, require_seen, store
from koi.tools.diff import unified_diff
from koi.tools.matching import EXACT, Found, Match, closest, find
from koi.tools.text_file import TextFile, decode
from koi.tools.write import shown_diff

EDITED_BYTES = 1_500_000


class EditArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What edit takes."""

    path: str
    old: str
    new: str
    replace_all: bool = False


class _Edit(msgspec.Struct, frozen=True):
    before: str
    after: str
    data: bytes
    found: Found


class EditTool:
    """Changes a part of a file; everything around it keeps its bytes."""

    name = "edit"
    schema = tool_schema(name, EditArguments, __file__)

    async def plan(self, arguments: JsonObject, context: ToolContext) -> ToolPlan:
        """The diff to be made. Raises ToolFailure when the place is missing or not unique."""
        wanted = parse_arguments(self.name, arguments, EditArguments)
        target = resolve(wanted.path, context.workspace)
        before = await asyncio.to_thread(load, target, EDITED_BYTES)
        if before is None:
            raise missing(target)
        require_seen(target, before, context)
        edit = await asyncio.to_thread(_make, before, wanted, target)
        change = await asyncio.to_thread(unified_diff, edit.before, edit.after, target.name)
        return ToolPlan(
            "write",
            f"{target.name} {change.summary}",
            change.text,
            "diff",
            (target.path,),
            precondition=digest(before),
        )

    async def run(self, arguments: JsonObject, plan: ToolPlan, context: ToolContext) -> ToolOutcome:
        """Make the edit, if the file is still what the plan was made against."""
        wanted = parse_arguments(self.name, arguments, EditArguments)
        target, before = await asyncio.to_thread(
            require_same, wanted.path, plan, context, EDITED_BYTES
        )
        if before is None:
            raise missing(target)
        edit = await asyncio.to_thread(_make, before, wanted, target)
        await asyncio.to_thread(store, target, edit.data, context)
        change = await asyncio.to_thread(unified_diff, edit.before, edit.after, target.name)
        return ToolOutcome(
            _report(edit.found, target), summary=change.summary, display=shown_diff(change)
        )


def _make(before: bytes, wanted: EditArguments, target: WorkspacePath) -> _Edit:
    file = decode(before)
    if file is None:
        raise ToolFailure(f"{target.name} is a binary file of {len(before):,} bytes.")
    old, new = wanted.old.replace("\r\n", "\n"), wanted.new.replace("\r\n", "\n")
    if not old:
        raise ToolFailure("`old` is empty.", hint="Use write to make a file or replace all of it.")
    if old == new:
        raise ToolFailure("`old` and `new` are the same; there is nothing to do.")
    text = file.text.replace("\r\n", "\n")
    found = find(text, old, new)
    if found is None:
        raise _not_found(text, old, target)
    if len(found.matches) > 1:
        if not wanted.replace_all:
            raise _ambiguous(found, target)
        found = Found(found.tier, _apart(found.matches))
    after = _apply(file, found.matches)
    try:
        return _Edit(file.text, after, file.encode(after), found)
    except UnicodeEncodeError as error:
        raise ToolFailure(
            f"`new` has characters that {target.name} cannot hold: it is {file.encoding}."
        ) from error


def _apply(file: TextFile, matches: tuple[Match, ...]) -> str:
    """Put the new text in, with the line ends of its place. Positions are those without CR."""
    raw = file.text
    crlf: list[int] = []
    at = raw.find("\r\n")
    while at >= 0:
        crlf.append(at - len(crlf))
        at = raw.find("\r\n", at + 2)
    pieces: list[str] = []
    done = 0
    for match in matches:
        start = match.start + bisect_left(crlf, match.start)
        end = match.end + bisect_left(crlf, match.end)
        place = raw[start:end]
        windows = "\r\n" in place if "\n" in place else file.line_end == "\r\n"
        pieces += raw[done:start], match.new.replace("\n", "\r\n") if windows else match.new
        done = end
    return "".join([*pieces, raw[done:]])


def _apart(matches: tuple[Match, ...]) -> tuple[Match, ...]:
    kept: list[Match] = []
    for match in matches:
        if not kept or match.start >= kept[-1].end:
            kept.append(match)
    return tuple(kept)


def _report(found: Found, target: WorkspacePath) -> str:
    count = len(found.matches)
    where = f"line {found.matches[0].line}" if count == 1 else f"{count} places"
    done = f"Edited {target.name} at {where}"
    if found.tier == EXACT:
        return f"{done}."
    return f"{done}. `old` did not match exactly ({found.tier}); check the result."


def _ambiguous(found: Found, target: WorkspacePath) -> ToolFailure:
    lines = ", ".join(str(match.line) for match in found.matches[:10])
    more = ", …" if len(found.matches) > 10 else ""
    return ToolFailure(
        f"`old` is in {target.name} {len(found.matches)} times ({found.tier}), "
        f"at lines {lines}{more}; nothing was changed.",
        hint="Add lines around it to make it unique, or set replace_all.",
    )


def _not_found(text: str, old: str, target: WorkspacePath) -> ToolFailure:
    lines = text.split("\n")
    near = closest(text, old)
    shown = "\n".join(f"{number}\t{lines[number - 1][:300]}" for number in near)
    return ToolFailure(
        f"`old` was not found in {target.name}; nothing was changed.",
        hint=f"The closest lines are:\n{shown}" if near else "Read the file again.",
    )
