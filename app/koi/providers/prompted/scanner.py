"""Takes the text of an answer apart as it comes: what is shown, what is thought, what is called."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Protocol

from koi.core.messages import ToolCall, ToolSchema
from koi.core.provider_events import (
    ProviderEvent,
    ReasoningDelta,
    TextDelta,
    ToolCallReady,
    ToolCallStarted,
)
from koi.providers.prompted.call_text import WrittenCall, read_calls, read_fenced
from koi.providers.prompted.fences import CALL_FENCES, CallFence, Fence
from koi.providers.prompted.open_call import Body, OpenCall, find_body
from koi.providers.prompted.quotations import Quotations, json_of
from koi.providers.prompted.quoting import Quoting
from koi.providers.prompted.tags import Tag, Unfinished, read_tag

_INTERESTING = re.compile(r"<(?=[/|A-Za-z]|\Z)|[`~]")
_RUN = re.compile(r"`{1,16}|~{1,16}")
_LANGUAGE = re.compile(r"[ \t]{0,8}([\w-]{0,16})[ \t]{0,8}\r?")


class _State(Protocol):
    def __call__(self, text: str, at: int, final: bool) -> int: ...


class Scanner:
    """One answer. The same text gives the same events in whatever pieces it comes.

    Only what may be the beginning of a tag or of a fence is held back. Everything that is read
    is read once, so that the time is linear in the length of the text.
    """

    def __init__(
        self,
        tools: Mapping[str, ToolSchema],
        quotations: Quotations,
        new_id: Callable[[], str],
    ) -> None:
        self._tools = tools
        self._quotations = quotations
        self._new_id = new_id
        self._quoting = Quoting()
        self._state: _State = self._text
        self._held = ""
        self._events: list[ProviderEvent] = []
        self._kind: type[TextDelta] | type[ReasoningDelta] = TextDelta
        self._pieces: list[str] = []
        self._called = False
        self._balances = True
        self._call: OpenCall | None = None
        self._fence = Fence("`", 3)
        self._call_fence: CallFence | None = None

    def feed(self, delta: str) -> list[ProviderEvent]:
        """The events of some more text."""
        self._run(self._held + delta, final=False)
        if self._call is not None:
            self._tell(*self._call.progress())
        return self._taken()

    def finish(self) -> list[ProviderEvent]:
        """The events of what was held back: the text is over."""
        text = self._held
        while True:
            self._run(text, final=True)
            self._emit(self._held)
            self._held = ""
            text = self._end_of_open()
            if not text:
                return self._taken()

    def _taken(self) -> list[ProviderEvent]:
        self._flush()
        events, self._events = self._events, []
        return events

    def _run(self, text: str, *, final: bool) -> None:
        at = 0
        while at < len(text):
            state = self._state
            after = state(text, at, final)
            if after == at and self._state == state:
                break
            at = after
        self._held = text[at:]

    def _end_of_open(self) -> str:
        """Close what the end of the text left open; the text that has to be read once more."""
        rest = ""
        if self._call is not None:
            rest = self._call.cut_at_close() if self._balances else ""
            if rest:
                # From here on a closing tag ends a call, else hostile text could make this
                # look at the same characters again and again.
                self._balances = False
            self._complete(self._call)
        elif self._call_fence is not None:
            self._call_fence.end_line()
            self._end_fence(self._call_fence)
        return rest

    def _text(self, text: str, at: int, final: bool) -> int:
        found = _INTERESTING.search(text, at)
        place = found.start() if found else len(text)
        if place > at:
            self._say(text[at:place])
            return place
        return self._tag(text, at, final) if text[at] == "<" else self._marks(text, at, final)

    def _tag(self, text: str, at: int, final: bool) -> int:
        tag = None if self._quoting.quotes else read_tag(text, at, final=final)
        if isinstance(tag, Unfinished):
            return at
        if tag is None:
            self._say("<")
            return at + 1
        match tag.kind:
            case "think":
                self._state = self._text if tag.closing else self._thought
                return tag.end
            case "result" if self._called and not tag.closing:
                # The model goes on with results that it makes up.
                self._state = self._invented
                return at
            case "call" | "function" if not tag.closing:
                return self._opening(text, at, tag, final)
            case "call" | "function" if self._called and self._quoting.begins_line:
                return tag.end
        self._say(text[at : tag.end])
        return tag.end

    def _opening(self, text: str, at: int, tag: Tag, final: bool) -> int:
        opening = text[at : tag.end]
        body = Body("markup", tag.end) if tag.empty and tag.name else None
        if body is None and not tag.empty:
            found = find_body(text, tag, self._tools, final=final)
            if isinstance(found, Unfinished):
                return at
            body = found
        if body is None:
            self._say(opening)
            return tag.end
        if not self._balances:
            body = Body("markup", body.start)
        self._begin(OpenCall(opening, tag.name, self._new_id(), body))
        if tag.empty and self._call is not None:
            self._complete(self._call)
        return body.start

    def _begin(self, call: OpenCall) -> None:
        self._call = call
        self._called = True
        self._state = self._in_call

    def _in_call(self, text: str, at: int, final: bool) -> int:
        call = self._call
        assert call is not None
        after = call.take(text, at, final=final)
        if call.done:
            self._complete(call)
            if call.another:
                body = Body("json", after)
                self._begin(OpenCall(call.opening, call.name, self._new_id(), body))
        return after

    def _complete(self, call: OpenCall) -> None:
        self._tell(*call.progress())
        identity, started = call.identity, call.started
        for written in read_calls(call.body, call.name, self._tools):
            self._ready(identity, written, call.markup, started=started)
            identity, started = self._new_id(), False
        self._call = None
        self._state = self._text
        self._quoting.new_line()

    def _ready(self, identity: str, call: WrittenCall, markup: str, *, started: bool) -> None:
        self._called = True
        made = ToolCall(identity, call.name, call.arguments)
        if call.arguments is None:
            made = ToolCall(identity, call.name, None, markup)
        elif self._quotations.hold(markup, call.name, call.arguments):
            made = ToolCall(identity, call.name, None, json_of(call.arguments))
        if not started:
            self._tell(ToolCallStarted(identity, call.name))
        self._tell(ToolCallReady(made))

    def _marks(self, text: str, at: int, final: bool) -> int:
        """A run of backticks or tildes: a fence at the beginning of a line, else inline code."""
        run = _RUN.match(text, at)
        assert run is not None
        count, end = len(run[0]), run.end()
        if end == len(text) and count < 16 and not final:
            return at
        if count >= 3 and self._quoting.begins_line:
            return self._fence_line(text, at, end, final)
        if text[at] == "`":
            self._emit(run[0])
            self._quoting.backticks(count)
        else:
            self._say(run[0])
        return end

    def _fence_line(self, text: str, at: int, end: int, final: bool) -> int:
        found = _LANGUAGE.match(text, end)
        assert found is not None
        language, mark, run = found[1].lower(), text[at], end - at
        if found.end() == len(text) and not final:
            if any(known.startswith(language) for known in CALL_FENCES):
                return at
        elif language in CALL_FENCES and text.startswith("\n", found.end()):
            after = found.end() + 1
            self._call_fence = CallFence(text[at:after], language, mark, run)
            self._state = self._in_call_fence
            return after
        self._emit(text[at:end])
        self._fence = Fence(mark, run)
        self._state = self._in_fence
        return end

    def _in_fence(self, text: str, at: int, final: bool) -> int:
        fence, after = self._fence, _line_end(text, at)
        piece = text[at:after]
        if fence.opening and fence.mark == "`" and "`" in piece:
            self._quoting.backticks(fence.run)  # on one line it is inline code
            self._state = self._text
            return at
        self._emit(piece)
        fence.take(piece)
        if fence.closed:
            self._state = self._text
            self._quoting.new_line()
        return after

    def _in_call_fence(self, text: str, at: int, final: bool) -> int:
        fence, after = self._call_fence, _line_end(text, at)
        assert fence is not None
        fence.take(text[at:after])
        if fence.closed:
            self._end_fence(fence)
        elif not fence.may_be_call:
            self._emit(fence.source)
            self._fence, self._call_fence = fence.shown(), None
            self._state = self._in_fence
        return after

    def _end_fence(self, fence: CallFence) -> None:
        called = read_fenced(fence.content, tagged=fence.tagged)
        if called is not None and called[0] in self._tools:
            written = WrittenCall(*called, fence.content)
            self._ready(self._new_id(), written, fence.source, started=False)
        else:
            self._emit(fence.source)
        self._call_fence = None
        self._state = self._text
        self._quoting.new_line()

    def _thought(self, text: str, at: int, final: bool) -> int:
        place = text.find("<", at)
        if place != at:
            place = len(text) if place < 0 else place
            self._emit(text[at:place], ReasoningDelta)
            return place
        tag = read_tag(text, at, final=final)
        if isinstance(tag, Unfinished):
            return at
        if tag is not None and tag.kind == "think" and tag.closing:
            self._state = self._text
            return tag.end
        self._emit("<", ReasoningDelta)
        return at + 1

    def _invented(self, text: str, at: int, final: bool) -> int:
        self._emit(text[at:], ReasoningDelta)
        return len(text)

    def _say(self, text: str) -> None:
        self._emit(text)
        self._quoting.take(text)

    def _emit(self, text: str, kind: type[TextDelta] | type[ReasoningDelta] = TextDelta) -> None:
        if kind is not self._kind:
            self._flush()
            self._kind = kind
        if text:
            self._pieces.append(text)

    def _tell(self, *events: ProviderEvent) -> None:
        if events:
            self._flush()
            self._events.extend(events)

    def _flush(self) -> None:
        if self._pieces:
            self._events.append(self._kind("".join(self._pieces)))
            self._pieces.clear()


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1
