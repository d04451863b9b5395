"""/api/chat to events: JSON lines, the last of them with `done`. https://docs.ollama.com/api/chat

Content is text as it came, also where a model without thinking mode writes <think> into it: what
such tags mean cannot be known before the answer is whole, and koi never turns thinking off.
"""

from __future__ import annotations

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
from koi.net.errors import inline_error
from koi.net.framing import StreamEvent
from koi.net.json_text import decode_object
from koi.providers.wire.fields import count, mapping, objects, text
from koi.providers.wire.parser import (
    cut_off,
    finish_reason,
    no_answer,
    own_call_id,
    raw_arguments,
    tool_call,
    up_to_last_call,
)
from koi.providers.wire.request import WireOptions


class OllamaParser:
    """One answer. It is complete when a line with `"done": true` came."""

    ends_with_body = False

    def __init__(self, options: WireOptions) -> None:
        self.done = False
        self._family = options.family
        self._said: list[tuple[type[Text] | type[Reasoning], list[str]]] = []
        """Text and thinking in their order, each run as the list of its deltas."""
        self._calls: list[tuple[str, str, str]] = []
        """Id, name and raw arguments: every call comes whole."""
        self._call_ids: set[str] = set()
        self._raw_finish: str | None = None
        self._usage: Usage | None = None
        self._model: str | None = None

    def feed(self, event: StreamEvent) -> list[ProviderEvent]:
        """The events of one line. Raises ProviderError for an error inside the stream."""
        if self.done or not event.data.strip():
            return []
        return self._line(decode_object(event.data))

    def whole(self, answer: JsonObject) -> list[ProviderEvent]:
        """The events of an answer without streaming."""
        events = self._line(answer)
        if "message" not in answer:
            raise no_answer("message")
        return events

    def finish(self) -> list[ProviderEvent]:
        """Calls, usage and the end. Raises ProviderError (network) when the end never came."""
        if not self.done:
            raise cut_off()
        reason = finish_reason(self._raw_finish, calls=bool(self._calls))
        calls = [
            tool_call(identity, name, raw, cut=reason == "length")
            for identity, name, raw in self._calls
        ]
        events: list[ProviderEvent] = []
        if reason == "tool_calls":
            events.extend(ToolCallReady(call) for call in calls)
        if self._usage is not None:
            events.append(UsageReported(self._usage))
        events.append(StreamEnded(reason, self._raw_finish, self._parts(calls), self._model))
        return events

    def kept(self) -> tuple[Part, ...]:
        """Of an answer that broke off: all of it up to its last call, as calls come whole."""
        if self.done:
            return ()
        calls = [tool_call(identity, name, raw, cut=True) for identity, name, raw in self._calls]
        return up_to_last_call(self._parts(calls))

    def _line(self, line: JsonObject) -> list[ProviderEvent]:
        if line.get("error"):
            raise inline_error(line)
        self._model = self._model or text(line, "model") or None
        message = mapping(line, "message")
        events: list[ProviderEvent] = []
        if thought := text(message, "thinking"):
            self._say(Reasoning, thought)
            events.append(ReasoningDelta(thought))
        if said := text(message, "content"):
            self._say(Text, said)
            events.append(TextDelta(said))
        for call in objects(message, "tool_calls"):
            events.extend(self._call(call))
        if line.get("done") is True:
            self.done = True
            self._raw_finish = text(line, "done_reason") or None
            self._usage = _usage(line)
        return events

    def _say(self, kind: type[Text] | type[Reasoning], said: str) -> None:
        if self._said and self._said[-1][0] is kind:
            self._said[-1][1].append(said)
        else:
            self._said.append((kind, [said]))

    def _call(self, call: JsonObject) -> list[ProviderEvent]:
        function = mapping(call, "function")
        raw = raw_arguments(function.get("arguments"))
        identity, name = own_call_id(text(call, "id"), self._call_ids), text(function, "name")
        self._calls.append((identity, name, raw))
        return [ToolCallStarted(identity, name), ToolCallDelta(identity, raw)]

    def _parts(self, calls: list[ToolCall]) -> tuple[Part, ...]:
        data = ProviderData(self._family, {"field": "thinking"})
        parts: list[Part] = [
            Reasoning("".join(said), data) if kind is Reasoning else Text("".join(said))
            for kind, said in self._said
        ]
        return (*parts, *calls)


def _usage(line: JsonObject) -> Usage | None:
    """The counts of the last line. The prompt's may be missing, or say what was in the cache."""
    prompt, output = count(line, "prompt_eval_count"), count(line, "eval_count")
    if prompt is None and output is None:
        return None
    read = min(prompt or 0, count(line, "prompt_eval_cached_count") or 0)
    return Usage((prompt or 0) - read, cache_read_tokens=read, output_tokens=output or 0)
