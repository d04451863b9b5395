"""The bash tool: a command, its output from both ends, and how it ended."""

from __future__ import annotations

from typing import Annotated

import msgspec

from koi.core.errors import ToolFailure
from koi.core.messages import JsonObject
from koi.core.seams import ToolContext, ToolOutcome, ToolPlan
from koi.files.ring import Excerpt, OutputRing
from koi.safety.process import CommandResult, run_command
from koi.tools.arguments import parse_arguments, tool_schema

SHOWN_BYTES = 30_000


class BashArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What bash takes."""

    command: str
    timeout_s: Annotated[int, msgspec.Meta(ge=1, le=600)] = 120
    description: Annotated[str, msgspec.Meta(description="what it does, in a few words")] = ""


class BashTool:
    """Runs commands in the workspace; the exact command is what is approved."""

    name = "bash"
    schema = tool_schema(name, BashArguments, __file__)

    async def plan(self, arguments: JsonObject, context: ToolContext) -> ToolPlan:
        """The command as it will run. The model's own description comes after it, if any."""
        wanted = parse_arguments(self.name, arguments, BashArguments)
        if not wanted.command.strip():
            raise ToolFailure("The command is empty.")
        first, *rest = wanted.command.strip().split("\n")
        summary = f"{first} …" if rest else first
        if wanted.description:
            summary = f"{summary}  ({wanted.description})"
        return ToolPlan("execute", summary, wanted.command, "command", command=wanted.command)

    async def run(self, arguments: JsonObject, plan: ToolPlan, context: ToolContext) -> ToolOutcome:
        """Run what `plan` says. A non-zero exit code is an outcome that is not ok."""
        wanted = parse_arguments(self.name, arguments, BashArguments)
        result = await run_command(
            plan.command,
            cwd=context.workspace,
            timeout_s=wanted.timeout_s,
            spill_folder=context.spill_folder,
            on_output=context.output,
        )
        ring = result.output
        excerpt = ring.excerpt(SHOWN_BYTES)
        ended = _ended(result, wanted.timeout_s)
        notes = [f"[{note}]" for note in (ended, _children(result)) if note]
        text = _text(excerpt, ring)
        if notes and text and not text.endswith("\n"):
            text += "\n"
        lines = ring.total_lines + (not ring.ends_with_line and ring.total_bytes > 0)
        counted = "1 line" if lines == 1 else f"{lines:,} lines"
        return ToolOutcome(
            text + "\n".join(notes) or "[no output]",
            ok=result.end == "exited" and result.exit_code == 0,
            truncated=excerpt.omitted_bytes > 0,
            summary=f"{ended or 'exit 0'}, {counted}",
            spill_path=None if ring.spill_path is None else str(ring.spill_path),
        )


def _text(excerpt: Excerpt, ring: OutputRing) -> str:
    if _is_binary(excerpt.head + excerpt.tail):
        return f"[binary output, {ring.total_bytes:,} bytes{_saved(ring)}]"
    head, tail = (part.decode("utf-8", "replace") for part in (excerpt.head, excerpt.tail))
    head, tail = head.replace("\0", "␀"), tail.replace("\0", "␀")
    if not excerpt.omitted_bytes:
        return head
    gap = (
        f"[{excerpt.omitted_bytes:,} bytes, {excerpt.omitted_lines:,} line ends "
        f"left out here{_saved(ring)}]"
    )
    return f"{head}{'' if head.endswith(chr(10)) else chr(10)}{gap}\n{tail}"


def _saved(ring: OutputRing) -> str:
    problem = f" ({ring.spill_problem})" if ring.spill_problem else ""
    if ring.spill_path is None:
        return problem
    return f"; {'see' if problem else 'all of it is in'} {ring.spill_path}{problem}"


def _is_binary(data: bytes) -> bool:
    """True when three tenths of it are NUL, other control characters, or not UTF-8."""
    odd = sum(byte < 32 and byte not in b"\t\n\r\f\b\x07\x1b" for byte in data)
    odd += data.decode("utf-8", "replace").count("\ufffd")
    return odd * 10 > len(data) * 3


def _ended(result: CommandResult, timeout_s: int) -> str:
    match result.end:
        case "timeout":
            return f"timed out after {timeout_s} s and was ended"
        case "runaway":
            return "killed: more than 10 GiB of output"
    code = result.exit_code
    if code is None:
        return "it could not be ended and may still run"
    if code < 0:
        return f"ended by signal {-code}"
    return f"exit {code}" if code else ""


def _children(result: CommandResult) -> str:
    count = result.ended_children
    if not count or result.end != "exited":
        return ""
    processes = "1 background process was" if count == 1 else f"{count} background processes were"
    return f"{processes} ended with the command"
