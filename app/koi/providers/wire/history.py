"""What formats share in writing a conversation: what goes back to whom, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from koi.core.messages import JsonObject, Message, ProviderData, Text, ToolCall


def echoed(data: ProviderData | None, family: str) -> JsonObject:
    """A copy of the opaque data that a model of this family made, {} for everything else."""
    return dict(data.data) if data is not None and data.family == family else {}


def sent_arguments(call: ToolCall) -> JsonObject:
    """The arguments as an object, which all formats insist on.

    What the model wrote instead of one is wrapped, not lost.
    """
    return {"arguments_raw": call.arguments_raw} if call.arguments is None else call.arguments


def turns(
    said: Iterable[tuple[str, list[JsonObject]]], is_result: Callable[[JsonObject], bool]
) -> list[tuple[str, list[JsonObject]]]:
    """Roles with their blocks in turn: neighbours of one role become one, empty ones are left out.

    The results of tools come first in what the user says.
    """
    joined: list[tuple[str, list[JsonObject]]] = []
    for role, blocks in said:
        if not blocks:
            continue
        if joined and joined[-1][0] == role:
            joined[-1][1].extend(blocks)
        else:
            joined.append((role, list(blocks)))
    for role, blocks in joined:
        if role == "user":
            blocks.sort(key=lambda block: not is_result(block))
    return joined


def with_system(system: str, messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages with the system prompt at the beginning of the first one of the user."""
    if not messages or messages[0].role != "user":
        return (Message("user", (Text(system),)), *messages)
    return (Message("user", (Text(system), *messages[0].parts)), *messages[1:])
