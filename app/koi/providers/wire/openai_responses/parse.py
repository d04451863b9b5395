"""Responses to events. https://platform.openai.com/docs/api-reference/responses-streaming"""

from __future__ import annotations

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject, Part, ToolCall
from koi.core.provider_events import (
    FinishReason,
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
from koi.providers.wire.fields import mapping, objects, text
from koi.providers.wire.openai_responses.output_items import CALLS, PARAGRAPH, OutputItem
from koi.providers.wire.openai_responses.usage import read_usage
from koi.providers.wire.parser import cut_off, finish_reason, no_answer, up_to_last_call
from koi.providers.wire.request import WireOptions

_DELTAS = {
    "response.output_text.delta": ("message", ""),
    "response.refusal.delta": ("message", ""),
    "response.function_call_arguments.delta": ("function_call", ""),
    "response.custom_tool_call_input.delta": ("custom_tool_call", ""),
    "response.reasoning_summary_text.delta": ("reasoning", "summary"),
    "response.reasoning_text.delta": ("reasoning", "content"),
}
"""The kind of item that a delta belongs to, and the channel of reasoning."""
_NEW_PARTS = {
    "response.reasoning_summary_part.added": "summary",
    "response.reasoning_part.added": "content",
    "response.content_part.added": "content",
}
_ENDS = {
    "response.completed": "completed",
    "response.incomplete": "incomplete",
    "response.failed": "failed",
    "response.cancelled": "cancelled",
    "response.done": "completed",
}
"""The events that end an answer, and the status that they mean when they name none."""
MAX_ITEMS = 2000
"""Pairing events with items takes time in proportion to the items that are there."""


class ResponsesParser:
    """One answer, put together from its items. It is complete when its last event came.

    Items belong to their output_index, as some servers give each event another item id; others
    have no indexes, or use one twice, so that kinds and ids help.
    """

    ends_with_body = False

    def __init__(self, options: WireOptions) -> None:
        self.done = False
        self._family = options.family
        self._items: list[OutputItem] = []
        self._open: dict[str, list[OutputItem]] = {}
        """Items by kind that are not whole yet."""
        self._call_ids: set[str] = set()
        self._reasoned = False
        self._refused = False
        self._status = ""
        self._why_incomplete = ""
        self._usage: Usage | None = None
        self._model: str | None = None

    def feed(self, event: StreamEvent) -> list[ProviderEvent]:
        """The events of one message. Raises ProviderError for an error inside the stream."""
        data = event.data.strip()
        if not data or data == b"[DONE]" or self.done:
            return []
        message = decode_object(data)
        kind = text(message, "type") or event.name
        if (delta := _DELTAS.get(kind)) is not None:
            return self._delta(message, *delta)
        events: list[ProviderEvent] = []
        match kind:
            case "response.output_item.added":
                self._added(message, events)
            case "response.output_item.done":
                self._finished(mapping(message, "item"), message, events)
            case "response.function_call_arguments.done":
                self._arguments(message)
            case "response.refusal.done":
                self._refused = True
            case _ if kind in _NEW_PARTS:
                self._new_part(message, _NEW_PARTS[kind])
            case _ if kind in _ENDS:
                self._end(mapping(message, "response") or message, _ENDS[kind], events)
            case _ if _is_error(kind, message):
                raise inline_error(message)
        return events

    def whole(self, answer: JsonObject) -> list[ProviderEvent]:
        """The events of an answer without streaming."""
        if _is_error(text(answer, "type"), answer):
            raise inline_error(answer)
        if not isinstance(answer.get("output"), list):
            raise no_answer("output")
        events: list[ProviderEvent] = []
        self._end(answer, "completed", events)
        return events

    def finish(self) -> list[ProviderEvent]:
        """Calls, usage and the end. Raises ProviderError (network) when the end never came."""
        if not self.done:
            raise cut_off()
        reason = self._finish_reason()
        cut = reason == "length"
        for item in self._items:
            if item.kind in CALLS and not item.announced:
                item.name_call(self._call_ids)  # its arguments came, but never its beginning
        parts: list[Part] = [
            part for item in self._items if (part := item.part(self._family, cut=cut)) is not None
        ]
        events: list[ProviderEvent] = []
        if reason == "tool_calls":
            events.extend(ToolCallReady(part) for part in parts if isinstance(part, ToolCall))
        if self._usage is not None:
            events.append(UsageReported(self._usage))
        events.append(StreamEnded(reason, self._status, tuple(parts), self._model))
        return events

    def kept(self) -> tuple[Part, ...]:
        """Of an answer that broke off: its whole items up to the last complete call."""
        if self.done:
            return ()
        return up_to_last_call(
            item.part(self._family, cut=False) for item in self._items if item.whole
        )

    def _finish_reason(self) -> FinishReason:
        if self._status == "failed":
            return "error"
        calls = any(item.kind in CALLS for item in self._items)
        if self._status != "incomplete":
            return finish_reason(self._status, calls=calls, refused=self._refused)
        reason = finish_reason(self._why_incomplete, calls=False)
        # An answer that stopped for a reason yet unknown is cut too: its calls must not run.
        return "length" if reason == "stop" else reason

    def _end(self, response: JsonObject, status: str, events: list[ProviderEvent]) -> None:
        """The last event, or the whole answer: what it holds beyond what was streamed is added."""
        self._status = text(response, "status") or status
        if error := response.get("error"):
            raise inline_error({"error": error})
        if self._status in ("queued", "in_progress"):
            raise cut_off()
        self._why_incomplete = text(mapping(response, "incomplete_details"), "reason")
        self._model = text(response, "model") or None
        if usage := mapping(response, "usage"):
            self._usage = read_usage(usage)
        self._confirm(objects(response, "output"), events)
        self.done = True

    def _confirm(self, output: list[JsonObject], events: list[ProviderEvent]) -> None:
        """Pair the items of the last event with those that were streamed, in their order."""
        streamed = list(self._items)
        for item in output:
            known = next((other for other in streamed if _may_be(other, item)), None)
            if known is not None:
                streamed.remove(known)
            elif kind := text(item, "type"):
                known = self._begin(kind, None)
            if known is not None and not known.whole:
                self._complete(known, item, events)

    def _added(self, message: JsonObject, events: list[ProviderEvent]) -> None:
        source = mapping(message, "item")
        if kind := text(source, "type"):
            item = self._begin(kind, message.get("output_index"))
            item.take(source)
            self._announce(item, events)

    def _finished(
        self, source: JsonObject, message: JsonObject, events: list[ProviderEvent]
    ) -> None:
        kind, index = text(source, "type"), message.get("output_index")
        item = self._find(kind, index, text(source, "id"), text(source, "call_id"))
        if item is None:
            if not kind or any(_is_repeated(other, source, index) for other in self._items):
                return
            item = self._begin(kind, index)
        self._complete(item, source, events)

    def _complete(self, item: OutputItem, source: JsonObject, events: list[ProviderEvent]) -> None:
        item.take(source)
        item.whole = True
        if item in self._open.get(item.kind, ()):
            self._open[item.kind].remove(item)
        self._refused = self._refused or item.refused
        self._announce(item, events)
        if rest := item.missing():
            self._say(item, rest, events)

    def _delta(self, message: JsonObject, kind: str, voice: str) -> list[ProviderEvent]:
        delta = text(message, "delta")
        if not delta:
            return []
        index = message.get("output_index")
        item = self._find(kind, index, text(message, "item_id"), "") or self._begin(kind, index)
        events: list[ProviderEvent] = []
        if voice:
            item.voice = item.voice or voice
            if item.voice != voice:
                return []
            position = message.get("summary_index")
            if item.new_paragraph or item.position != position:
                item.new_paragraph, item.position = False, position
                delta = f"{PARAGRAPH}{delta}" if item.said else delta
        elif message.get("type") == "response.refusal.delta":
            self._refused = True
        self._say(item, delta, events)
        return events

    def _arguments(self, message: JsonObject) -> None:
        """Arguments as a whole, from servers that may not send the whole item."""
        index = message.get("output_index")
        item = self._find("function_call", index, text(message, "item_id"), "")
        if item is not None:
            item.source["arguments"] = message.get("arguments")

    def _new_part(self, message: JsonObject, voice: str) -> None:
        index = message.get("output_index")
        item = self._find("reasoning", index, text(message, "item_id"), "")
        if item is not None and item.voice == voice and item.index == index:
            item.new_paragraph = True

    def _say(self, item: OutputItem, said: str, events: list[ProviderEvent]) -> None:
        first = not item.said
        item.said.append(said)
        match item.kind:
            case "message":
                events.append(TextDelta(said))
            case "reasoning":
                apart = first and self._reasoned
                self._reasoned = True
                events.append(ReasoningDelta(f"{PARAGRAPH}{said}" if apart else said))
            case _ if item.announced:
                events.append(ToolCallDelta(item.call_id, said))

    def _announce(self, item: OutputItem, events: list[ProviderEvent]) -> None:
        """Tell of a call as soon as it has a name."""
        name = text(item.source, "name")
        if item.kind not in CALLS or item.announced or not (name or item.whole):
            return
        item.name_call(self._call_ids)
        item.announced = True
        events.append(ToolCallStarted(item.call_id, name))
        if item.said:
            events.append(ToolCallDelta(item.call_id, item.main))

    def _begin(self, kind: str, index: object) -> OutputItem:
        if len(self._items) >= MAX_ITEMS:
            raise ProviderError(
                f"The answer holds more than {MAX_ITEMS} items",
                kind="protocol",
                hint="No model answers like this: check base_url.",
            )
        item = OutputItem({"type": kind}, kind, index)
        self._items.append(item)
        self._open.setdefault(kind, []).append(item)
        return item

    def _find(self, kind: str, index: object, identity: str, call_id: str) -> OutputItem | None:
        """The open item that an event is about, the latest one in doubt."""
        candidates = self._open.get(kind, [])
        if call_id:
            candidates = [item for item in candidates if item.call_id in ("", call_id)]
        if len(candidates) < 2:
            return candidates[0] if candidates else None
        return max(
            reversed(candidates),
            key=lambda item: (item.index == index) + (text(item.source, "id") == identity),
        )


def _is_error(kind: str, message: JsonObject) -> bool:
    if kind == "error" or message.get("error"):
        return True
    return not kind and ("detail" in message or "message" in message)


def _may_be(known: OutputItem, item: JsonObject) -> bool:
    if known.kind != text(item, "type"):
        return False
    call_id = text(item, "call_id")
    return not (call_id and known.call_id) or call_id == known.call_id


def _is_repeated(known: OutputItem, item: JsonObject, index: object) -> bool:
    """Whether an item is told once more: some gateways close items more often than they open."""
    if not known.whole or not _may_be(known, item):
        return False
    identity = text(item, "id")
    same_place = index is not None and known.index == index
    return same_place or (bool(identity) and text(known.source, "id") == identity)
