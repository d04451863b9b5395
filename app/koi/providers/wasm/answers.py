"""Answers through a plugin: each event goes in as JSON, and what it means comes back, checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

import msgspec

from koi.core.messages import JsonObject, Part, ProviderData, Reasoning, Text, ToolCall
from koi.core.provider_events import (
    ProviderEvent,
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallDelta,
    ToolCallReady,
    ToolCallStarted,
    UsageReported,
)
from koi.core.usage import Usage
from koi.net.framing import StreamEvent
from koi.net.json_text import encode_json
from koi.providers.wasm.decoding import decode, refusal
from koi.providers.wasm.failures import plugin_error
from koi.providers.wasm.messages import (
    EndedEvent,
    ErrorEvent,
    GivenEvent,
    ParsedEvents,
    PluginEvent,
    ReasoningEvent,
    TextEvent,
    ToolCallEvent,
    UsageEvent,
)
from koi.providers.wasm.sandbox import Sandbox
from koi.providers.wire.parser import (
    cut_off,
    finish_reason,
    new_call_id,
    tool_call,
    up_to_last_call,
)
from koi.providers.wire.request import WireOptions

PARSE = "parse_event"
MAX_ANSWER = 64 * 1024 * 1024
"""Bytes that a plugin may write about one answer."""


@dataclass(slots=True)
class _Call:
    id: str
    name: str
    arguments: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Said:
    """Text or thinking that came in one piece after the other."""

    thinking: bool
    pieces: list[str] = field(default_factory=list)
    data: JsonObject | None = None


class PluginParser:
    """One answer, read by an instance of the plugin that no other answer sees."""

    ends_with_body = False

    def __init__(self, sandbox: Sandbox, options: WireOptions) -> None:
        self.done = False
        self._plugin = sandbox.name
        self._instance = sandbox.open()
        self._family = options.family
        self._parts: list[_Said | _Call] = []
        self._calls: dict[int, _Call] = {}
        self._usage: Usage | None = None
        self._end: EndedEvent | None = None
        self._written = 0

    def feed(self, event: StreamEvent) -> list[ProviderEvent]:
        """The events of one message of the stream. Raises ProviderError."""
        if self.done:
            return []
        return self._parse(GivenEvent(event.name, event.data.decode("utf-8", "replace")))

    def whole(self, answer: JsonObject) -> list[ProviderEvent]:
        """The events of an answer without streaming. Raises ProviderError."""
        return self._parse(GivenEvent("", encode_json(answer).decode(), True))

    def finish(self) -> list[ProviderEvent]:
        """Calls, usage and the end. Raises ProviderError (network) when the end never came."""
        if self._end is None:
            raise cut_off()
        reason = finish_reason(self._end.finish_reason, calls=bool(self._calls))
        parts = tuple(self._part(each, cut=reason == "length") for each in self._parts)
        events: list[ProviderEvent] = []
        if reason == "tool_calls":
            events.extend(ToolCallReady(part) for part in parts if isinstance(part, ToolCall))
        if self._usage is not None:
            events.append(UsageReported(self._usage))
        raw = self._end.raw or self._end.finish_reason
        events.append(StreamEnded(reason, raw, parts, self._end.model))
        return events

    def kept(self) -> tuple[Part, ...]:
        """Of an answer that broke off: up to the last call that something else follows."""
        if self.done:
            return ()
        return up_to_last_call(self._part(each, cut=True) for each in self._parts[:-1])

    def _parse(self, given: GivenEvent) -> list[ProviderEvent]:
        made = self._instance.call(PARSE, encode_json(given))
        self._written += len(made)
        if self._written > MAX_ANSWER:
            raise plugin_error(
                self._plugin, f"it wrote more than {MAX_ANSWER // 2**20} MiB about one answer"
            )
        events: list[ProviderEvent] = []
        for event in decode(made, ParsedEvents, self._plugin, PARSE).events:
            if self.done:
                raise plugin_error(self._plugin, f"{PARSE}: something came after its end")
            events.extend(self._take(event))
        return events

    def _take(self, event: PluginEvent) -> list[ProviderEvent]:
        match event:
            case TextEvent(text=text):
                self._say(text, thinking=False)
                return [TextDelta(text)] if text else []
            case ReasoningEvent(text=text, data=data):
                self._say(text, thinking=True, data=data)
                return [ReasoningDelta(text)] if text else []
            case ToolCallEvent():
                return self._call(event)
            case UsageEvent():
                self._usage = event.usage()
            case EndedEvent():
                self._end = event
                self.done = True
            case ErrorEvent(kind=kind, message=message):
                raise refusal(kind, message)
            case _:
                assert_never(event)
        return []

    def _say(self, text: str, *, thinking: bool, data: JsonObject | None = None) -> None:
        if not text and data is None:
            return
        last = self._parts[-1] if self._parts else None
        if not isinstance(last, _Said) or last.thinking != thinking or last.data is not None:
            last = _Said(thinking)
            self._parts.append(last)
        last.pieces.append(text)
        last.data = data

    def _call(self, event: ToolCallEvent) -> list[ProviderEvent]:
        events: list[ProviderEvent] = []
        call = self._calls.get(event.index)
        if call is None:
            if not event.name:
                raise plugin_error(
                    self._plugin, f"{PARSE}: tool_call {event.index} begins without a name"
                )
            taken = {each.id for each in self._calls.values()}
            identity = event.id if event.id and event.id not in taken else new_call_id()
            call = self._calls[event.index] = _Call(identity, event.name)
            self._parts.append(call)
            events.append(ToolCallStarted(call.id, call.name))
        raw = event.arguments
        if not isinstance(raw, str):
            raw = msgspec.json.encode(raw).decode()
        if raw:
            call.arguments.append(raw)
            events.append(ToolCallDelta(call.id, raw))
        return events

    def _part(self, said: _Said | _Call, *, cut: bool) -> Part:
        if isinstance(said, _Call):
            return tool_call(said.id, said.name, "".join(said.arguments), cut=cut)
        text = "".join(said.pieces)
        if not said.thinking:
            return Text(text)
        data = None if said.data is None else ProviderData(self._family, said.data)
        return Reasoning(text, data)
