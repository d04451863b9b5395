"""Bedrock Converse to events.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from __future__ import annotations

import msgspec

from koi.core.messages import JsonObject, Part, ToolCall
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
from koi.net.errors import inline_error
from koi.net.event_stream import EXCEPTION, EventStreamDecoder
from koi.net.framing import Framing, StreamEvent
from koi.net.json_text import decode_object
from koi.providers.wire.bedrock.blocks import Block
from koi.providers.wire.fields import count, mapping, objects, text
from koi.providers.wire.parser import cut_off, finish_reason, no_answer, up_to_last_call
from koi.providers.wire.request import WireOptions

MEDIA_TYPE = "application/vnd.amazon.eventstream"


def event_stream(first: bytes) -> Framing | None:
    """Messages begin with their length, which is below 2^25; JSON is a whole answer."""
    return None if first in (b"{", b"[") else EventStreamDecoder()


class ConverseParser:
    """One answer. Usage comes after messageStop; a body that ended after that is complete too."""

    ends_with_body = False

    def __init__(self, options: WireOptions) -> None:
        self.done = False
        self._family = options.family
        self._blocks: dict[int, Block] = {}
        self._call_ids: set[str] = set()
        self._stopped = False
        self._raw_finish: str | None = None
        self._usage: JsonObject = {}
        self._model: str | None = None

    def feed(self, event: StreamEvent) -> list[ProviderEvent]:
        """The events of one message. Raises ProviderError for an exception among them."""
        if event.name.startswith(EXCEPTION):
            raise inline_error(_exception(event))
        match event.name:
            case "contentBlockDelta":
                message = decode_object(event.data)
                return self._delta(count(message, "contentBlockIndex"), mapping(message, "delta"))
            case "contentBlockStart":
                return self._start(decode_object(event.data))
            case "contentBlockStop":
                self._block(count(decode_object(event.data), "contentBlockIndex")).whole = True
            case "messageStop":
                self._stopped = True
                self._raw_finish = text(decode_object(event.data), "stopReason") or None
            case "metadata":
                self._end(decode_object(event.data))
        return []

    def whole(self, answer: JsonObject) -> list[ProviderEvent]:
        """The events of an answer without streaming."""
        content = mapping(mapping(answer, "output"), "message")
        if not isinstance(content.get("content"), list):
            if answer.get("message") or answer.get("__type"):
                raise inline_error(answer)
            raise no_answer("output.message.content")
        events: list[ProviderEvent] = []
        for index, item in enumerate(objects(content, "content")):
            block = self._blocks[index] = Block(call_ids=self._call_ids)
            said = block.take(item)
            if block.kind == "tool":
                events.append(ToolCallStarted(block.identity, block.tool))
            events.extend(_say(block, said))
        self._stopped = True
        self._raw_finish = text(answer, "stopReason") or None
        self._end(answer)
        return events

    def finish(self) -> list[ProviderEvent]:
        """Calls, usage and the end. Raises ProviderError (network) when the end never came."""
        if not self._stopped:
            raise cut_off()
        any_call = any(block.kind == "tool" for block in self._blocks.values())
        reason = finish_reason(self._raw_finish, calls=any_call)
        parts: list[Part] = [
            part
            for _, block in sorted(self._blocks.items())
            if (part := block.part(self._family, cut=reason == "length")) is not None
        ]
        events: list[ProviderEvent] = []
        if reason == "tool_calls":
            events.extend(ToolCallReady(part) for part in parts if isinstance(part, ToolCall))
        if self._usage:
            events.append(UsageReported(_usage(self._usage)))
        events.append(StreamEnded(reason, self._raw_finish, tuple(parts), self._model))
        return events

    def kept(self) -> tuple[Part, ...]:
        """Of an answer that broke off: its whole blocks up to the last complete call."""
        if finish_reason(self._raw_finish, calls=True) != "tool_calls":
            return ()
        last = max(self._blocks, default=0)
        return up_to_last_call(
            block.part(self._family, cut=index == last)
            for index, block in sorted(self._blocks.items())
            if block.whole
        )

    def _end(self, metadata: JsonObject) -> None:
        self._usage = mapping(metadata, "usage") or self._usage
        router = mapping(mapping(metadata, "trace"), "promptRouter")
        invoked = text(router, "invokedModelId").rpartition("/")[2]
        self._model = invoked or self._model
        self.done = self._stopped

    def _start(self, message: JsonObject) -> list[ProviderEvent]:
        block = self._block(count(message, "contentBlockIndex"))
        block.begin(mapping(message, "start"))
        return [ToolCallStarted(block.identity, block.tool)] if block.kind == "tool" else []

    def _delta(self, index: int | None, delta: JsonObject) -> list[ProviderEvent]:
        block = self._block(index)
        return _say(block, block.add(delta))

    def _block(self, index: int | None) -> Block:
        block = self._blocks.get(index or 0)
        if block is None:
            block = self._blocks[index or 0] = Block(call_ids=self._call_ids)
        return block


def _say(block: Block, said: str) -> list[ProviderEvent]:
    if not said:
        return []
    match block.kind:
        case "text":
            return [TextDelta(said)]
        case "reasoning":
            return [ReasoningDelta(said)]
        case "tool":
            return [ToolCallDelta(block.identity, said)]
    return []


def _usage(usage: JsonObject) -> Usage:
    """Fresh input is counted apart from what the cache gave and took."""
    fresh, output = count(usage, "inputTokens"), count(usage, "outputTokens")
    read, written = count(usage, "cacheReadInputTokens"), count(usage, "cacheWriteInputTokens")
    return Usage(fresh or 0, read or 0, written or 0, output or 0)


def _exception(event: StreamEvent) -> JsonObject:
    """An exception in the form of an error body, whatever its payload is."""
    try:
        said: object = msgspec.json.decode(event.data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        said = event.data.decode("utf-8", "replace")
    kind = event.name.removeprefix(EXCEPTION)
    if isinstance(said, dict):
        message = text(said, "message") or text(said, "originalMessage")
    else:
        message = str(said) if said else ""
    return {"type": kind, "message": message or kind}
