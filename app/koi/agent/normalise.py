"""Make a history that every provider accepts, whatever happened to the session before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from koi.core.messages import Image, Message, Part, Reasoning, Text, ToolCall, ToolResult

INTERRUPTED = "Interrupted: this call has no recorded result. It may have run."


def normalise(history: Sequence[Message]) -> tuple[Message, ...]:
    """The same conversation with the rules of all wire formats kept.

    Roles alternate and the user begins; each tool call is answered exactly once, directly
    after the message that made it, in the order of the calls, and no two calls share an id; a
    result without a call and a message without content are left out.
    """
    return _with_own_ids(_answered(history))


def _answered(history: Sequence[Message]) -> list[Message]:
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
    return _merged(result)


def _with_own_ids(messages: list[Message]) -> tuple[Message, ...]:
    """Some servers count their calls anew in each answer; others refuse ids that come twice."""
    taken = {call.id for message in messages for call in message.tool_calls}
    used: set[str] = set()
    numbers: dict[str, int] = {}
    renamed: dict[str, str] = {}
    result: list[Message] = []
    for message in messages:
        if message.role == "assistant":
            renamed = {}
            for call in message.tool_calls:
                again = call.id in used
                renamed[call.id] = _unused(call.id, taken, numbers) if again else call.id
                used.add(call.id)
                taken.add(renamed[call.id])
        if all(old == new for old, new in renamed.items()):
            result.append(message)
        else:
            parts = tuple([_with_id(part, renamed) for part in message.parts])
            result.append(Message(message.role, parts))
    return tuple(result)


def _unused(identity: str, taken: set[str], numbers: dict[str, int]) -> str:
    """An id that nothing else has; `numbers` holds the last number that each id was given."""
    number = numbers.get(identity, 1) + 1
    while (other := f"{identity}_{number}") in taken:
        number += 1
    numbers[identity] = number
    return other


def _with_id(part: Part, renamed: Mapping[str, str]) -> Part:
    match part:
        case ToolCall():
            return msgspec.structs.replace(part, id=renamed.get(part.id, part.id))
        case ToolResult():
            return msgspec.structs.replace(part, call_id=renamed.get(part.call_id, part.call_id))
        case _:
            return part


def _answers(calls: Iterable[ToolCall], parts: Sequence[Part]) -> tuple[Part, ...]:
    given: dict[str, ToolResult] = {}
    for part in parts:
        if isinstance(part, ToolResult):
            given.setdefault(part.call_id, part)
    return tuple(given.get(call.id) or ToolResult(call.id, INTERRUPTED, ok=False) for call in calls)


def _merged(history: Iterable[Message]) -> list[Message]:
    merged: list[Message] = []
    for message in history:
        kept = [part for part in message.parts if _belongs(part, message) and _has_content(part)]
        parts = unique_calls(tuple(kept))
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


def _belongs(part: Part, message: Message) -> bool:
    if message.role == "user":
        return isinstance(part, Text | Image | ToolResult)
    return not isinstance(part, ToolResult)


def _has_content(part: Part) -> bool:
    if isinstance(part, Text | Reasoning):
        return part.provider_data is not None or bool(part.text.strip())
    return True
