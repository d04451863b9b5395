"""What stands in a conversation where koi left something out, so that a model can get it again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from koi.core.messages import Message, Opaque, Part, Reasoning, Text, ToolCall, ToolResult

LEFT_OUT = "[koi left out "
"""Begins every line of this kind."""
SMALL = 400
"""Characters of an output that is not worth a line in its place."""
_REPEATABLE = frozenset({"read", "ls", "glob", "grep"})


def left_out(result: ToolResult, name: str, spill_folder: str) -> ToolResult:
    """The same result with a line in the place of its output: name, size, how to see it again."""
    content = result.content
    if not result.images and (len(content) <= SMALL or content.startswith(LEFT_OUT)):
        return result
    lines = content.count("\n") + (not content.endswith("\n"))
    images = f" and {len(result.images)} images" if result.images else ""
    size = f"{len(content):,} characters, {lines:,} lines{images}"
    again = _again(content, name, spill_folder)
    line = f"{LEFT_OUT}this output of {name} to save room: {size}. {again}]"
    return msgspec.structs.replace(result, content=line, images=())


def _again(content: str, name: str, spill_folder: str) -> str:
    """How the model can see an output again."""
    saved = re.search(rf"{re.escape(spill_folder)}/[\w.-]+\w", content) if spill_folder else None
    if saved is not None:
        return f"All of it is in {saved[0]}."
    if name in _REPEATABLE:
        return f"Call {name} again to see how it is now."
    return "Repeat the call only if you need it and it is safe to run twice."


def cut(text: str, limit: int, advice: str = "") -> str:
    """Beginning and end of a text that is longer than `limit` characters, with the gap named."""
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    tail = limit - head
    gap = f"\n{LEFT_OUT}{len(text) - limit:,} characters here, to save room.{advice}]\n"
    return text[:head] + gap + (text[-tail:] if tail else "")


def call_names(messages: Sequence[Message]) -> Mapping[str, str]:
    """The tool of each call."""
    return {call.id: call.name for message in messages for call in message.tool_calls}


def unsigned(message: Message) -> Message:
    """Without what only its provider understands: a changed history does not go back to it."""
    parts = tuple([_unsigned(part) for part in message.parts if not isinstance(part, Opaque)])
    return Message(message.role, tuple([part for part in parts if not isinstance(part, Reasoning)]))


def _unsigned(part: Part) -> Part:
    match part:
        case Text() | ToolCall() if part.provider_data is not None:
            return msgspec.structs.replace(part, provider_data=None)
        case _:
            return part
