"""A recorded session as text to read: plain lines, or Markdown. Everything in it is made safe."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec

from koi.core.messages import Image, Message, Part, Reasoning, Text, ToolCall
from koi.store.lines import Entry
from koi.store.records import (
    ApprovalRecord,
    AssistantRecord,
    CompactionRecord,
    ErrorRecord,
    ModelRecord,
    ModeRecord,
    PromptRecord,
    ToolIntentRecord,
    ToolResultRecord,
    TurnEndRecord,
    UnknownRecord,
)
from koi.view.safe_text import SafeText, safe

BlockKind: TypeAlias = Literal["prompt", "answer", "reasoning", "call", "result", "note"]
_SHOWN_LINES = 20


class Block(msgspec.Struct, frozen=True):
    """A piece of a transcript: who or what, and its text."""

    kind: BlockKind
    heading: SafeText
    text: SafeText


def blocks(entries: Sequence[Entry]) -> Iterator[Block]:
    """What people see of a timeline, in order."""
    summaries = {
        entry.record.call.id: entry.record.summary
        for entry in entries
        if isinstance(entry.record, ToolIntentRecord)
    }
    for entry in entries:
        match entry.record:
            case PromptRecord(message=message):
                yield from _message(message, "you", summaries)
            case AssistantRecord() as record:
                yield from _message(record.message, str(record.model), summaries)
                if not record.complete:
                    again = ", and asked for again" if record.dropped else ""
                    yield _block("note", f"this answer was cut off{again}")
            case ApprovalRecord(decision="deny") as record:
                yield _block("note", f"denied{f' by {record.rule}' if record.rule else ''}")
            case ToolResultRecord() as record:
                mark = "✓" if record.result.ok else "✗"
                heading = f"{mark} {record.name} {record.duration_s:.1f} s"
                yield _block("result", heading, record.display or record.result.content)
            case ModelRecord() as record:
                yield _block("note", f"{record.role}: {record.model}")
            case ModeRecord(mode=mode):
                yield _block("note", f"mode: {mode}")
            case ErrorRecord(error=error):
                hint = f"\n{error.hint}" if error.hint else ""
                yield _block("note", f"error: {error.message}{hint}")
            case CompactionRecord(undoes=True):
                yield _block("note", "the compaction before was undone")
            case CompactionRecord() as record:
                yield _block("note", "the conversation was made shorter for the model")
                yield from _summary(record)
            case TurnEndRecord(status="cancelled"):
                yield _block("note", "stopped by you")
            case UnknownRecord(kind=kind):
                yield _block("note", f"a record of kind '{kind}', which this koi does not know")
            case _:
                pass


def _message(message: Message, author: str, summaries: dict[str, str]) -> Iterator[Block]:
    kind: BlockKind = "prompt" if message.role == "user" else "answer"
    for part in message.parts:
        yield from _part(part, kind, author, summaries)


def _part(part: Part, kind: BlockKind, author: str, summaries: dict[str, str]) -> Iterator[Block]:
    match part:
        case Text(text=text) if text.strip():
            yield _block(kind, author, text)
        case Reasoning(text=text) if text.strip():
            yield _block("reasoning", "reasoning", text)
        case Image():
            yield _block(kind, author, f"[{part.media_type}, {len(part.data)} bytes]")
        case ToolCall():
            said = summaries.get(part.id) or _arguments(part)
            yield _block("call", part.name, said)
        case _:
            pass


def _summary(record: CompactionRecord) -> Iterator[Block]:
    """What a model wrote in the place of the conversation before, if it did."""
    model = record.compacted.model
    text = next((each for message in record.messages for each in message.parts), None)
    if model is not None and isinstance(text, Text):
        yield _block("reasoning", f"summary by {model}", text.text)


def _arguments(call: ToolCall) -> str:
    if call.arguments is None:
        return call.arguments_raw
    try:
        return msgspec.json.encode(call.arguments).decode()
    except UnicodeEncodeError:
        return repr(call.arguments)


def _block(kind: BlockKind, heading: str, text: str = "") -> Block:
    return Block(kind, safe(heading, keep_newlines=False), safe(text.strip("\n")))


def plain(parts: Sequence[Block]) -> Iterator[str]:
    """Lines for a terminal; long results show their beginning only."""
    for block in parts:
        lines = block.text.splitlines()
        match block.kind:
            case "call":
                yield f"  → {block.heading} {' '.join(lines)}"
            case "result":
                yield f"  {block.heading}"
                yield from (f"    {line}" for line in lines[:_SHOWN_LINES])
                if len(lines) > _SHOWN_LINES:
                    yield f"    … {len(lines) - _SHOWN_LINES} more lines (see: koi sessions export)"
            case "note":
                yield f"  · {block.heading}"
                yield from (f"    {line}" for line in lines)
            case _:
                yield ""
                yield f"{block.heading}:"
                yield from (f"  {line}" for line in lines)


def markdown(title: str, facts: Sequence[str], parts: Sequence[Block]) -> Iterator[str]:
    """Lines of a Markdown document with everything in it."""
    yield f"# {safe(title, keep_newlines=False) or 'Session'}"
    yield ""
    yield from (f"- {safe(fact, keep_newlines=False)}" for fact in facts)
    for block in parts:
        yield ""
        match block.kind:
            case "prompt" | "answer":
                yield f"## {block.heading}"
                yield ""
                yield block.text
            case "reasoning":
                yield from (f"> {line}" for line in block.text.splitlines())
            case "call" | "result":
                yield f"**{block.heading}**"
                if block.text:
                    fence = _fence(block.text)
                    yield from ("", fence, block.text, fence)
            case "note":
                yield f"*{block.heading}*"


def _fence(text: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(3, longest + 1)
