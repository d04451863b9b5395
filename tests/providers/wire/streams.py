"""Feeds written-down streams to a parser, and tells what came out."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from koi.core.messages import JsonObject, ToolCall
from koi.core.provider_events import (
    ProviderEvent,
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallReady,
    UsageReported,
)
from koi.core.usage import Usage
from koi.net.framing import StreamEvent
from koi.providers.wire.parser import StreamParser


@dataclass(frozen=True, slots=True)
class Outcome:
    """The events of one answer, and its parts by kind."""

    events: list[ProviderEvent]

    @property
    def text(self) -> str:
        """All text deltas."""
        return "".join(event.delta for event in self.events if isinstance(event, TextDelta))

    @property
    def reasoning(self) -> str:
        """All reasoning deltas."""
        return "".join(event.delta for event in self.events if isinstance(event, ReasoningDelta))

    @property
    def ready(self) -> list[ToolCall]:
        """Calls that may run."""
        return [event.call for event in self.events if isinstance(event, ToolCallReady)]

    @property
    def calls(self) -> list[ToolCall]:
        """All calls of the answer, also those that may not run."""
        return [part for part in self.ended.parts if isinstance(part, ToolCall)]

    @property
    def usage(self) -> Usage | None:
        """The counts, None when there are none."""
        return next((e.usage for e in self.events if isinstance(e, UsageReported)), None)

    @property
    def ended(self) -> StreamEnded:
        """The end, which is always last."""
        last = self.events[-1]
        assert isinstance(last, StreamEnded)
        return last


def feed(parser: StreamParser, *messages: JsonObject | bytes, name: str = "") -> Outcome:
    """The whole answer from its messages. Raises what the parser raises."""
    events: list[ProviderEvent] = []
    for message in messages:
        data = message if isinstance(message, bytes) else msgspec.json.encode(message)
        events.extend(parser.feed(StreamEvent(name, data)))
    return Outcome([*events, *parser.finish()])
