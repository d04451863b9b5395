"""Anthropic Messages to events. https://docs.anthropic.com/en/docs/build-with-claude/streaming"""

from __future__ import annotations

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
from koi.net.framing import StreamEvent
from koi.net.json_text import decode_object
from koi.providers.wire.anthropic.blocks import Block
from koi.providers.wire.fields import count, mapping, objects, text
from koi.providers.wire.parser import (
    cut_off,
    finish_reason,
    no_answer,
    own_call_id,
    up_to_last_call,
)
from koi.providers.wire.request import WireOptions

_COUNTS = (
    "input_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "output_tokens",
)


class MessagesParser:
    """One answer. It is complete when message_stop was seen."""

    ends_with_body = False

    def __init__(self, options: WireOptions) -> None:
        self.done = False
        self._family = options.family
        self._blocks: list[Block] = []
        self._by_index: dict[int | None, Block] = {}
        self._call_ids: set[str] = set()
        self._counts: dict[str, int] = {}
        self._raw_finish: str | None = None
        self._model: str | None = None

    def feed(self, event: StreamEvent) -> list[ProviderEvent]:
        """The events of one server-sent event. Raises ProviderError for an error among them."""
        data = event.data.strip()
        # Gateways add OpenAI's end marker to this format.
        if not data or data == b"[DONE]" or self.done:
            return []
        message = decode_object(data)
        match message.get("type"):
            case "content_block_delta":
                return self._delta(message)
            case "content_block_start":
                return self._start(count(message, "index"), mapping(message, "content_block"))
            case "content_block_stop":
                if block := self._by_index.pop(count(message, "index"), None):
                    block.whole = True
            case "message_start":
                self._begin(mapping(message, "message"))
            case "message_delta":
                self._count(mapping(message, "usage"))
                stop = text(mapping(message, "delta"), "stop_reason")
                self._raw_finish = stop or self._raw_finish
            case "message_stop":
                self.done = True
            case "error":
                raise inline_error(message)
            case _ if event.name == "error" or message.get("error"):
                raise inline_error(message)
        return []

    def whole(self, answer: JsonObject) -> list[ProviderEvent]:
        """The events of an answer without streaming."""
        if answer.get("type") == "error" or answer.get("error"):
            raise inline_error(answer)
        if not isinstance(answer.get("content"), list):
            raise no_answer("content")
        self._begin(answer)
        events: list[ProviderEvent] = []
        for index, content in enumerate(objects(answer, "content")):
            events.extend(self._start(index, content))
            self._by_index.pop(index).whole = True
        self._raw_finish = text(answer, "stop_reason") or None
        self.done = True
        return events

    def finish(self) -> list[ProviderEvent]:
        """Calls, usage and the end. Raises ProviderError (network) when the end never came."""
        if not self.done:
            raise cut_off()
        any_call = any(block.type == "tool_use" for block in self._blocks)
        reason = finish_reason(self._raw_finish, calls=any_call)
        cut = reason == "length"
        parts: list[Part] = [
            part
            for block in self._blocks
            if (part := block.part(self._family, cut=cut)) is not None
        ]
        events: list[ProviderEvent] = []
        if reason == "tool_calls":
            events.extend(ToolCallReady(part) for part in parts if isinstance(part, ToolCall))
        if self._counts:
            events.append(UsageReported(self._usage()))
        events.append(StreamEnded(reason, self._raw_finish, tuple(parts), self._model))
        return events

    def kept(self) -> tuple[Part, ...]:
        """Of an answer that broke off: its whole blocks up to the last complete call."""
        if finish_reason(self._raw_finish, calls=True) != "tool_calls":
            return ()
        last = self._blocks[-1:]
        return up_to_last_call(
            block.part(self._family, cut=block in last) for block in self._blocks if block.whole
        )

    def _begin(self, message: JsonObject) -> None:
        """A message starts. Gateways may start over: what was half done is dropped then."""
        self._blocks = [block for block in self._blocks if block.whole]
        self._by_index.clear()
        self._call_ids = {block.identity for block in self._blocks if block.type == "tool_use"}
        self._model = text(message, "model") or self._model
        self._count(mapping(message, "usage"))

    def _count(self, usage: JsonObject) -> None:
        """Counts are cumulative: field by field the last one is right."""
        for name in _COUNTS:
            if (value := count(usage, name)) is not None:
                self._counts[name] = value
        thinking = count(mapping(usage, "output_tokens_details"), "thinking_tokens")
        if thinking is not None:
            self._counts["thinking_tokens"] = thinking

    def _usage(self) -> Usage:
        fresh, read, written, output = (self._counts.get(name, 0) for name in _COUNTS)
        return Usage(fresh, read, written, output, self._counts.get("thinking_tokens", 0))

    def _start(self, index: int | None, content: JsonObject) -> list[ProviderEvent]:
        block = Block(content)
        self._blocks.append(block)
        self._by_index[index] = block
        match block.type:
            case "tool_use":
                content["id"] = own_call_id(text(content, "id"), self._call_ids)
                return [ToolCallStarted(block.identity, text(content, "name"))]
            case "text":
                return _say(block, text(content, "text"))
            case "thinking":
                return _say(block, text(content, "thinking"))
        return []

    def _delta(self, message: JsonObject) -> list[ProviderEvent]:
        delta, index = mapping(message, "delta"), count(message, "index")
        block = self._by_index.get(index)
        if block is None:
            kind = "thinking" if delta.get("type") == "thinking_delta" else "text"
            self._start(index, {"type": kind})
            block = self._by_index[index]
        return _say(block, block.add(delta))


def _say(block: Block, said: str) -> list[ProviderEvent]:
    if not said:
        return []
    match block.type:
        case "text":
            return [TextDelta(said)]
        case "thinking":
            return [ReasoningDelta(said)]
        case "tool_use":
            return [ToolCallDelta(block.identity, said)]
    return []
