"""Gemini answers to events. https://ai.google.dev/api/generate-content#GenerateContentResponse"""

from __future__ import annotations

from koi.core.messages import JsonObject, Opaque, Part, ProviderData, ToolCall
from koi.core.provider_events import ProviderEvent, StreamEnded, ToolCallReady, UsageReported
from koi.net.errors import inline_error
from koi.net.framing import Framing, StreamEvent
from koi.net.json_array import JsonArrayDecoder
from koi.net.json_text import decode_json
from koi.providers.wire.fields import count, mapping, objects, text
from koi.providers.wire.format import server_sent_events
from koi.providers.wire.gemini.contents import ABOUT_THE_ANSWER
from koi.providers.wire.gemini.ending import finish_reason, has_counts, usage
from koi.providers.wire.gemini.parts import AnswerParts
from koi.providers.wire.parser import cut_off, no_answer, up_to_last_call
from koi.providers.wire.request import WireOptions


def framing(first: bytes) -> Framing | None:
    """Server-sent events, or one array of the same chunks from servers that ignore alt=sse."""
    return JsonArrayDecoder() if first == b"[" else server_sent_events(first)


class GeminiParser:
    """One answer: its first candidate.

    There is no end marker, and some models name a finish reason in every chunk, so the answer is
    complete when one was seen and the body has ended.
    """

    ends_with_body = True

    def __init__(self, options: WireOptions) -> None:
        self.done = False
        self._family = options.family
        self._parts = AnswerParts(options.family)
        self._about: JsonObject = {}
        """What came beside the content, by its field; the last of each."""
        self._usage: JsonObject = {}
        self._raw_finish: str | None = None
        self._model: str | None = None

    def feed(self, event: StreamEvent) -> list[ProviderEvent]:
        """The events of one chunk. Raises ProviderError for an error among them."""
        data = event.data.strip()
        if not data or self.done:
            return []
        if data == b"[DONE]":  # of gateways
            self.done = True
            return []
        value = decode_json(data)
        chunks = value if isinstance(value, list) else [value]
        events: list[ProviderEvent] = []
        for chunk in chunks:
            if not isinstance(chunk, dict):
                raise no_answer("candidates")
            events.extend(self._chunk(chunk))
        return events

    def whole(self, answer: JsonObject) -> list[ProviderEvent]:
        """The events of an answer without streaming."""
        events = self._chunk(answer)
        if not objects(answer, "candidates") and not self._blocked:
            raise no_answer("candidates")
        self.done = True
        return events

    def finish(self) -> list[ProviderEvent]:
        """Calls, usage and the end. Raises ProviderError (network) when the end never came."""
        if not (self.done or self._raw_finish or self._blocked):
            raise cut_off()
        reason = finish_reason(self._raw_finish, called=self._parts.called, blocked=self._blocked)
        parts: list[Part] = [*self._parts.parts(cut=reason == "length")]
        parts += [
            Opaque(ProviderData(self._family, {key: self._about[key]})) for key in self._about
        ]
        events: list[ProviderEvent] = []
        if reason == "tool_calls":
            events.extend(ToolCallReady(part) for part in parts if isinstance(part, ToolCall))
        if self._usage:
            events.append(UsageReported(usage(self._usage)))
        events.append(StreamEnded(reason, self._raw_finish, tuple(parts), self._model))
        return events

    def kept(self) -> tuple[Part, ...]:
        """Of an answer that broke off: its parts up to the last complete call."""
        if finish_reason(self._raw_finish, called=True, blocked=self._blocked) != "tool_calls":
            return ()
        return up_to_last_call(self._parts.parts(cut=True))

    @property
    def _blocked(self) -> bool:
        return bool(text(mapping(self._about, "promptFeedback"), "blockReason"))

    def _chunk(self, chunk: JsonObject) -> list[ProviderEvent]:
        if chunk.get("error"):
            raise inline_error(chunk)
        self._model = text(chunk, "modelVersion") or self._model
        if has_counts(metadata := mapping(chunk, "usageMetadata")):
            self._usage = metadata
        candidates = objects(chunk, "candidates")
        candidate = next((one for one in candidates if not count(one, "index")), {})
        for source in (chunk, candidate):
            self._about |= {key: source[key] for key in ABOUT_THE_ANSWER if source.get(key)}
        self._raw_finish = text(candidate, "finishReason") or self._raw_finish
        events: list[ProviderEvent] = []
        for part in objects(mapping(candidate, "content"), "parts"):
            events.extend(self._parts.add(part))
        return events
