"""An answer whose calls stand in its text, as the events and parts of one with native calls."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from koi.core.messages import ModelRequest, Part, Reasoning, Text, ToolCall
from koi.core.provider_events import (
    ProviderEvent,
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallReady,
)
from koi.providers.prompted.quotations import Quotations
from koi.providers.prompted.scanner import Scanner
from koi.providers.wire.parser import new_call_id, up_to_last_call


class PromptedAnswer:
    """Takes the events of a native exchange and gives those that its text means."""

    def __init__(self, request: ModelRequest, new_id: Callable[[], str] = new_call_id) -> None:
        tools = {tool.name: tool for tool in request.tools}
        self._scanner = Scanner(tools, Quotations(request.messages), new_id)
        self._said: list[tuple[type[Text] | type[Reasoning], list[str]] | ToolCall] = []
        """What the text was taken apart into; runs as the lists of their pieces."""

    def take(self, event: ProviderEvent) -> list[ProviderEvent]:
        """The events that this one means; calls become ready at the end of the answer."""
        match event:
            case TextDelta(delta):
                return self._noted(self._scanner.feed(delta))
            case StreamEnded():
                return self._end(event)
            case _:
                return [event]

    def kept(self) -> tuple[Part, ...]:
        """Of an answer that broke off: what was said up to the last call that was closed."""
        return up_to_last_call(self._own())

    def _noted(self, events: list[ProviderEvent]) -> list[ProviderEvent]:
        shown: list[ProviderEvent] = []
        for event in events:
            match event:
                case TextDelta(delta):
                    self._run(Text, delta)
                case ReasoningDelta(delta):
                    self._run(Reasoning, delta)
                case ToolCallReady(call):
                    self._said.append(call)
                    continue
                case _:
                    pass
            shown.append(event)
        return shown

    def _run(self, kind: type[Text] | type[Reasoning], delta: str) -> None:
        last = self._said[-1] if self._said else None
        if isinstance(last, tuple) and last[0] is kind:
            last[1].append(delta)
        else:
            self._said.append((kind, [delta]))

    def _end(self, ended: StreamEnded) -> list[ProviderEvent]:
        events = self._noted(self._scanner.finish())
        parts = self._parts(ended)
        reason = ended.finish_reason
        if reason == "stop" and any(isinstance(part, ToolCall) for part in parts):
            reason = "tool_calls"
        if reason == "tool_calls":
            events += [ToolCallReady(call) for call in self._said if isinstance(call, ToolCall)]
        events.append(msgspec.structs.replace(ended, finish_reason=reason, parts=parts))
        return events

    def _own(self) -> list[Part]:
        """What the text was taken apart into, as parts."""
        return [
            said if isinstance(said, ToolCall) else said[0]("".join(said[1])) for said in self._said
        ]

    def _parts(self, ended: StreamEnded) -> tuple[Part, ...]:
        """The answer's parts, its text replaced by what it was taken apart into."""
        own = self._own()
        parts: list[Part] = []
        for part in ended.parts:
            if not isinstance(part, Text):
                parts.append(part)
                continue
            parts += own
            own = []
        return (*parts, *own)
