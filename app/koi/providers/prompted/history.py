"""Earlier calls and their results as text, for models that know no others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from koi.core.messages import Message, Part, Text, ToolCall, ToolResult
from koi.providers.prompted.quotations import json_of, withheld
from koi.providers.prompted.tags import neutralised


def has_calls(messages: Iterable[Message]) -> bool:
    """True when the conversation holds calls or results."""
    return any(
        isinstance(part, ToolCall | ToolResult) for message in messages for part in message.parts
    )


def ends_with_results(messages: Sequence[Message]) -> bool:
    """True when the last message is results of tools and nothing else."""
    last = messages[-1].parts if messages else ()
    return bool(last) and all(isinstance(part, ToolResult) for part in last)


def in_text(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The same conversation, roles and images kept, with its calls and results as text.

    Tags in results and in what the person wrote lose their meaning: nothing there can end a
    result early or pass for a call.
    """
    names: dict[str, str] = {}
    rewritten: list[Message] = []
    for message in messages:
        names |= {call.id: call.name for call in message.tool_calls}
        parts: list[Part] = []
        for part in message.parts:
            _add(parts, _in_text(part, message.role == "user", names))
        rewritten.append(Message(message.role, tuple(parts)))
    return tuple(rewritten)


def _add(parts: list[Part], more: Sequence[Part]) -> None:
    """Texts in a row become one, as some formats join them with nothing between."""
    for part in more:
        last = parts[-1] if parts else None
        if isinstance(part, Text) and isinstance(last, Text):
            between = "" if last.text.endswith("\n") or not last.text else "\n"
            parts[-1] = Text(f"{last.text}{between}{part.text}")
        else:
            parts.append(part)


def _in_text(part: Part, by_user: bool, names: dict[str, str]) -> Sequence[Part]:
    match part:
        case ToolCall():
            return (Text(_call(part)),)
        case ToolResult():
            return (Text(_result(part, names.get(part.call_id, ""))), *part.images)
        case Text() if by_user:
            return (Text(neutralised(part.text)),)
        case Text():
            return (Text(part.text),)
        case _:
            return (part,)


def _call(call: ToolCall) -> str:
    arguments = withheld(call) if call.arguments is None else call.arguments
    if arguments is None:
        opening = "" if call.arguments_raw.startswith("<") else "<tool_call>\n"
        return f"{opening}{call.arguments_raw.strip()}\n</tool_call>"
    return f"<tool_call>\n{json_of({'name': call.name, 'arguments': arguments})}\n</tool_call>"


def _result(result: ToolResult, name: str) -> str:
    named = (
        f' name="{name}"' if name.isidentifier() or name.replace("-", "_").isidentifier() else ""
    )
    status = "" if result.ok else ' status="error"'
    return f"<tool_result{named}{status}>\n{neutralised(result.content)}\n</tool_result>"
