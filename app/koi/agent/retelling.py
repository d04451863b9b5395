"""A conversation as plain text for the model that summarises it, in pieces that fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from koi.agent.omissions import call_names, cut
from koi.core.messages import Image, Message, Part, Reasoning, Text, ToolCall, ToolResult

WORDS_LIMIT = 8_000
"""Characters of one text of a person or a model."""
CALL_LIMIT = 2_000
"""Characters of one call's arguments, and of one output."""


def retold(messages: Sequence[Message]) -> tuple[str, ...]:
    """One text a part; what models thought, and what only a provider can read, is not in it."""
    names = call_names(messages)
    return tuple(
        [
            text
            for message in messages
            for part in message.parts
            if (text := _part(part, message.role, names))
        ]
    )


def pieces(texts: Sequence[str], limit: int) -> Iterator[str]:
    """The texts joined, at most `limit` characters a piece; a longer one is cut in its middle."""
    piece = ""
    for text in texts:
        fitting = cut(text, max(0, limit - 200))
        if piece and len(piece) + len(fitting) + 1 > limit:
            yield piece
            piece = ""
        piece = f"{piece}\n{fitting}" if piece else fitting
    if piece:
        yield piece


def _part(part: Part, role: str, names: Mapping[str, str]) -> str:
    match part:
        case Text(text=text) if text.strip():
            return f"<{role}>\n{cut(text.strip(), WORDS_LIMIT)}\n</{role}>"
        case Image(media_type=media_type):
            return f"<{role}>\n[an image, {media_type}]\n</{role}>"
        case ToolCall(name=name):
            return f'<call tool="{name}">\n{cut(_arguments(part), CALL_LIMIT)}\n</call>'
        case ToolResult(call_id=call_id, content=content, ok=ok):
            name = names.get(call_id, "")
            failed = "" if ok else ' failed="yes"'
            return f'<output tool="{name}"{failed}>\n{cut(content.strip(), CALL_LIMIT)}\n</output>'
        case Reasoning() | _:
            return ""


def _arguments(call: ToolCall) -> str:
    if call.arguments_raw:
        return call.arguments_raw
    try:
        return msgspec.json.encode(call.arguments).decode()
    except (UnicodeEncodeError, RecursionError):
        return repr(call.arguments)
