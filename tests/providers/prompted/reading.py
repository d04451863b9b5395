"""Reads texts as an answer of a model that writes its calls into them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

import msgspec

from koi.core.messages import Message, ToolCall, ToolSchema
from koi.core.provider_events import (
    ProviderEvent,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallReady,
)
from koi.providers.prompted.quotations import Quotations
from koi.providers.prompted.scanner import Scanner

_PARAMETERS: dict[str, object] = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "limit": {"type": "integer"}},
}
TOOLS = {name: ToolSchema(name, "does it", _PARAMETERS) for name in ("ls", "read", "write", "bash")}


def read(pieces: Iterable[str], history: Sequence[Message] = ()) -> list[ProviderEvent]:
    """The events of a text that comes in pieces, deltas in a row made one."""
    ids = count(1)
    scanner = Scanner(TOOLS, Quotations(history), lambda: f"c{next(ids)}")
    events: list[ProviderEvent] = []
    for piece in pieces:
        events += scanner.feed(piece)
    return merged([*events, *scanner.finish()])


def merged(events: Iterable[ProviderEvent]) -> list[ProviderEvent]:
    """The same events with deltas of one kind in a row as one."""
    found: list[ProviderEvent] = []
    for event in events:
        last = found[-1] if found else None
        match last, event:
            case (TextDelta(before), TextDelta(more)) | (
                ReasoningDelta(before),
                ReasoningDelta(more),
            ):
                found[-1] = msgspec.structs.replace(event, delta=before + more)
            case ToolCallDelta(one, before), ToolCallDelta(other, more) if one == other:
                found[-1] = ToolCallDelta(one, before + more)
            case _:
                found.append(event)
    return found


def shown(events: Iterable[ProviderEvent]) -> str:
    """The visible text."""
    return "".join(event.delta for event in events if isinstance(event, TextDelta))


def thought(events: Iterable[ProviderEvent]) -> str:
    """The reasoning."""
    return "".join(event.delta for event in events if isinstance(event, ReasoningDelta))


def called(events: Iterable[ProviderEvent]) -> list[ToolCall]:
    """The calls."""
    return [event.call for event in events if isinstance(event, ToolCallReady)]


def calls_in(text: str, history: Sequence[Message] = ()) -> list[tuple[str, object]]:
    """Name and arguments of the calls in a text."""
    return [(call.name, call.arguments) for call in called(read([text], history))]
