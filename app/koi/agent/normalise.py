"""Make a history that every provider accepts, whatever happened to the session before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from koi.core.messages import Message, Part, Reasoning, Text, ToolCall, ToolResult

INTERRUPTED = "Interrupted: this call has no recorded result. It may have run."


def normalise(history: Sequence[Message]) -> tuple[Message, ...]:
    """The same conversation with the rules of all wire formats kept.

    Roles alternate and the user begins; each tool call is answered exactly once, directly
    after the message that made it, in the order of the calls; a result without a call and a
    message without content are left out.
    """
    result: list[Message] = []
    open_calls: tuple[ToolCall, ...] = ()
    for message in _merged(history):
        if message.role == "assistant":
            if not result:
                continue
            if open_calls:
                result.append(Message("user", _answers(open_calls, ())))
            open_calls = message.tool_calls
            result.append(message)
            continue
        answers = _answers(open_calls, message.parts)
        rest = tuple([part for part in message.parts if not isinstance(part, ToolResult)])
        open_calls = ()
        if answers or rest:
            result.append(Message("user", answers + rest))
    if open_calls:
        result.append(Message("user", _answers(open_calls, ())))
    return tuple(_merged(result))


def _answers(calls: Iterable[ToolCall], parts: Sequence[Part]) -> tuple[Part, ...]:
    given: dict[str, ToolResult] = {}
    for part in parts:
        if isinstance(part, ToolResult):
            given.setdefault(part.call_id, part)
    return tuple(given.get(call.id) or ToolResult(call.id, INTERRUPTED, ok=False) for call in calls)


def _merged(history: Iterable[Message]) -> list[Message]:
    merged: list[Message] = []
    for message in history:
        parts = unique_calls(tuple([part for part in message.parts if _has_content(part)]))
        if not parts:
            continue
        if merged and merged[-1].role == message.role:
            merged[-1] = Message(message.role, unique_calls(merged[-1].parts + parts))
        else:
            whole = len(parts) == len(message.parts)
            merged.append(message if whole else Message(message.role, parts))
    return merged


def unique_calls(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The same parts, of calls with the same id only the first: an id stands for one result."""
    if len(parts) < 2:
        return parts
    seen: set[str] = set()
    kept: list[Part] = []
    for part in parts:
        if isinstance(part, ToolCall):
            if part.id in seen:
                continue
            seen.add(part.id)
        kept.append(part)
    return tuple(kept)


def _has_content(part: Part) -> bool:
    if isinstance(part, Text | Reasoning):
        return part.provider_data is not None or bool(part.text.strip())
    return True
