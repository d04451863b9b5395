"""Chat completions to events. https://platform.openai.com/docs/api-reference/chat-streaming"""

from __future__ import annotations

from koi.core.messages import JsonObject, Part, ProviderData, Reasoning, Text, ToolCall
from koi.core.provider_events import (
    ProviderEvent,
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallReady,
    UsageReported,
)
from koi.core.usage import Usage
from koi.net.errors import inline_error
from koi.net.framing import StreamEvent
from koi.net.json_text import decode_object
from koi.providers.wire.fields import mapping, objects, text
from koi.providers.wire.openai_chat.calls import OpenCalls
from koi.providers.wire.openai_chat.echo import THINK_TAGS
from koi.providers.wire.openai_chat.reasoning import ReasoningDetails, reasoning_text
from koi.providers.wire.openai_chat.think_tags import Piece, ThinkTags
from koi.providers.wire.openai_chat.usage import read_usage
from koi.providers.wire.parser import (
    cut_off,
    finish_reason,
    no_answer,
    tool_call,
    up_to_last_call,
)
from koi.providers.wire.request import WireOptions


class ChatParser:
    """One answer. It is complete when a finish reason or [DONE] came and the body ended cleanly."""

    ends_with_body = True

    def __init__(self, options: WireOptions) -> None:
        self.done = False
        self._family = options.family
        self._reasoning_inside_output = options.profile.reasoning_inside_output
        self._said: list[tuple[type[Text] | type[Reasoning], list[str]]] = []
        """Text and reasoning in their order, each run as the list of its deltas."""
        self._calls = OpenCalls()
        self._details = ReasoningDetails()
        self._reasoning_field = ""
        self._reasoning_opaque = ""
        self._think_tags = ThinkTags() if options.profile.think_tags else None
        self._refused = False
        self._raw_finish: str | None = None
        self._usage: Usage | None = None
        self._model: str | None = None

    def feed(self, event: StreamEvent) -> list[ProviderEvent]:
        """The events of one chunk. Raises ProviderError for an error inside the stream."""
        data = event.data.strip()
        if not data or self.done:
            return []
        if data == b"[DONE]":
            self.done = True
            return []
        chunk = decode_object(data)
        if event.name == "error":
            raise inline_error(chunk)
        return self._chunk(chunk, "delta")

    def whole(self, answer: JsonObject) -> list[ProviderEvent]:
        """The events of an answer without streaming."""
        events = self._chunk(answer, "message")
        if not any(_is_first(choice) for choice in objects(answer, "choices")):
            raise no_answer("choices")
        self.done = True
        return events

    def finish(self) -> list[ProviderEvent]:
        """Calls, usage and the end. Raises ProviderError (network) when the end never came."""
        if not self.done and self._raw_finish is None:
            raise cut_off()
        reason = finish_reason(self._raw_finish, calls=bool(self._calls.all), refused=self._refused)
        calls = self._finished_calls(cut=reason == "length")
        events: list[ProviderEvent] = []
        if self._think_tags is not None:
            self._say_pieces(self._think_tags.finish(), events)
        if reason == "tool_calls":
            events.extend(ToolCallReady(call) for call in calls)
        if self._usage is not None:
            events.append(UsageReported(self._usage))
        parts = (*self._parts(), *calls)
        if self._raw_finish is None and not parts and not self._refused:
            raise cut_off()  # an end marker alone is no answer
        events.append(StreamEnded(reason, self._raw_finish, parts, self._model))
        return events

    def kept(self) -> tuple[Part, ...]:
        """Of an answer that broke off: up to the last call that another one, or the end, follows.

        Nothing else tells that a call is complete.
        """
        if finish_reason(self._raw_finish, calls=True) != "tool_calls":
            return ()
        calls = self._finished_calls(cut=True)
        return up_to_last_call((*self._parts(), *(calls if self._raw_finish else calls[:-1])))

    def _chunk(self, chunk: JsonObject, key: str) -> list[ProviderEvent]:
        if chunk.get("error") or ("choices" not in chunk and _is_flat_error(chunk)):
            raise inline_error(chunk)
        if self._model is None:
            self._model = text(chunk, "model") or None
        if usage := mapping(chunk, "usage"):
            self._usage = read_usage(usage, reasoning_inside_output=self._reasoning_inside_output)
        events: list[ProviderEvent] = []
        for choice in objects(chunk, "choices"):
            if _is_first(choice):
                self._delta(mapping(choice, key), events, whole=key == "message")
                self._raw_finish = text(choice, "finish_reason") or self._raw_finish
        return events

    def _delta(self, delta: JsonObject, events: list[ProviderEvent], *, whole: bool) -> None:
        said, name = reasoning_text(delta)
        if said:
            self._reasoning_field = self._reasoning_field or name
            self._say(Reasoning, said, events)
        if details := objects(delta, "reasoning_details"):
            self._details.add(details)
        self._reasoning_opaque = text(delta, "reasoning_opaque") or self._reasoning_opaque
        content = delta.get("content")
        if isinstance(content, str):
            self._say_text(content, events)
        elif isinstance(content, list):
            self._content_list(objects(delta, "content"), events)
        if refusal := text(delta, "refusal"):
            self._refused = True
            self._say(Text, refusal, events)
        for call in objects(delta, "tool_calls"):
            events.extend(self._calls.take(call, whole=whole))
        if function := mapping(delta, "function_call"):
            events.extend(self._calls.take({"index": 0, "function": function}))

    def _content_list(self, content: list[JsonObject], events: list[ProviderEvent]) -> None:
        """Mistral's content as a list of parts, thinking among them."""
        for part in content:
            if part.get("type") != "thinking":
                self._say_text(text(part, "text"), events)
                continue
            self._say(Reasoning, text(part, "thinking"), events)
            for thought in objects(part, "thinking"):
                self._say(Reasoning, text(thought, "text"), events)

    def _say_text(self, said: str, events: list[ProviderEvent]) -> None:
        if self._think_tags is None:
            self._say(Text, said, events)
        else:
            self._say_pieces(self._think_tags.feed(said), events)

    def _say_pieces(self, pieces: list[Piece], events: list[ProviderEvent]) -> None:
        for kind, said in pieces:
            if kind == "text":
                self._say(Text, said, events)
            else:
                self._reasoning_field = THINK_TAGS
                self._say(Reasoning, said, events)

    def _say(
        self, kind: type[Text] | type[Reasoning], said: str, events: list[ProviderEvent]
    ) -> None:
        if not said:
            return
        if self._said and self._said[-1][0] is kind:
            self._said[-1][1].append(said)
        else:
            self._said.append((kind, [said]))
        events.append(TextDelta(said) if kind is Text else ReasoningDelta(said))

    def _parts(self) -> list[Part]:
        parts: list[Part] = [kind("".join(said)) for kind, said in self._said]
        echo: JsonObject = {}
        if details := self._details.whole:
            echo = {"reasoning_details": details}
        elif self._reasoning_field:
            echo = {"field": self._reasoning_field}
        if self._reasoning_opaque:
            echo["reasoning_opaque"] = self._reasoning_opaque
        if not echo:
            return parts
        data = ProviderData(self._family, echo)
        for position, part in enumerate(parts):
            if isinstance(part, Reasoning):
                parts[position] = Reasoning(part.text, data)
                return parts
        return [Reasoning("", data), *parts]

    def _finished_calls(self, *, cut: bool) -> list[ToolCall]:
        return [
            tool_call(
                call.id,
                call.name,
                call.raw,
                cut=cut,
                data=ProviderData(self._family, call.extra) if call.extra else None,
            )
            for call in self._calls.all
        ]


def _is_first(choice: JsonObject) -> bool:
    return choice.get("index") in (0, None)


def _is_flat_error(chunk: JsonObject) -> bool:
    """{"object": "error", "message": …} of vLLM and Mistral, {"detail": …} of FastAPI."""
    return chunk.get("object") == "error" or "detail" in chunk or chunk.get("type") == "error"
