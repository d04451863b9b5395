"""The parts of a Gemini answer while they grow: text, thoughts, calls, and all that is opaque."""

from __future__ import annotations

from dataclasses import dataclass, field

from koi.core.messages import JsonObject, Opaque, Part, ProviderData, Reasoning, Text, ToolCall
from koi.core.provider_events import (
    ProviderEvent,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStarted,
)
from koi.providers.wire.fields import objects, text
from koi.providers.wire.gemini.arguments import GrowingArguments
from koi.providers.wire.parser import own_call_id

_SIGNATURE_ONLY = {"thoughtSignature", "thought"}


@dataclass(slots=True)
class _Said:
    """Text or a thought. What came with a signature is a part of its own, even when empty."""

    thought: bool
    pieces: list[str]
    extra: JsonObject


@dataclass(slots=True)
class _Call:
    """A call. `given` is what goes back with it: its signature, and its id on the wire."""

    identity: str
    name: str
    given: JsonObject
    arguments: GrowingArguments = field(default_factory=GrowingArguments)


class AnswerParts:
    """The parts in their order. Only neighbours without signature become one."""

    def __init__(self, family: str) -> None:
        self._family = family
        self._parts: list[_Said | _Call | JsonObject] = []
        self._call_ids: set[str] = set()
        self._open: _Call | None = None
        """The call whose arguments still come. Vertex AI may never say that it ended."""

    @property
    def called(self) -> bool:
        """True when there is a call among the parts."""
        return bool(self._call_ids)

    def add(self, part: JsonObject) -> list[ProviderEvent]:
        """Take a part, or the continuation of one; the events that it means."""
        part = {key: value for key, value in part.items() if value is not None}
        call = part.pop("functionCall", None)
        if isinstance(call, dict):
            return self._call(call, part)
        self._open = None
        said = part.get("text", "" if part.keys() <= _SIGNATURE_ONLY else None)
        if isinstance(said, str):
            return self._say(said, part)
        self._parts.append(part)
        return []

    def parts(self, *, cut: bool) -> tuple[Part, ...]:
        """All parts. `cut`: the answer stopped short, so an open call is not whole."""
        return tuple([self._part(part, cut) for part in self._parts])

    def _say(self, said: str, part: JsonObject) -> list[ProviderEvent]:
        thought = part.get("thought") is True
        extra = {key: part[key] for key in part if key not in ("text", "thought")}
        last = self._parts[-1] if self._parts else None
        if isinstance(last, _Said) and last.thought is thought and not (last.extra or extra):
            last.pieces.append(said)
        elif said or extra:
            self._parts.append(_Said(thought, [said], extra))
        if not said:
            return []
        return [ReasoningDelta(said) if thought else TextDelta(said)]

    def _call(self, wire: JsonObject, given: JsonObject) -> list[ProviderEvent]:
        name, arguments, pieces = text(wire, "name"), wire.get("args"), objects(wire, "partialArgs")
        events: list[ProviderEvent] = []
        call = None if name else self._unfinished(any_piece=bool(pieces))
        if call is None:
            self._open = None
            if not (name or arguments or pieces):
                return []
            call = self._begin(name, text(wire, "id"))
            events.append(ToolCallStarted(call.identity, name))
        call.given = given | call.given
        if isinstance(arguments, dict):
            call.arguments.merge(arguments)
        grown = "".join([call.arguments.add(piece) for piece in pieces])
        if grown or arguments:
            events.append(ToolCallDelta(call.identity, grown or call.arguments.raw()))
        more = any(source.get("willContinue") is True for source in (wire, *pieces))
        self._open = call if more else None
        return events

    def _unfinished(self, *, any_piece: bool) -> _Call | None:
        """The call that a nameless piece belongs to."""
        if self._open is not None or not any_piece:
            return self._open
        last = self._parts[-1] if self._parts else None
        return last if isinstance(last, _Call) else None

    def _begin(self, name: str, given_id: str) -> _Call:
        identity = own_call_id(given_id, self._call_ids)
        call = _Call(identity, name, {"functionCall": {"id": given_id}} if given_id else {})
        self._parts.append(call)
        return call

    def _part(self, part: _Said | _Call | JsonObject, cut: bool) -> Part:
        match part:
            case _Said():
                said = "".join(part.pieces)
                data = self._data(part.extra)
                return Reasoning(said, data) if part.thought else Text(said, data)
            case _Call():
                whole = None if cut and part is self._open else part.arguments.whole()
                raw = part.arguments.raw() if whole is None else ""
                return ToolCall(part.identity, part.name, whole, raw, self._data(part.given))
        return Opaque(ProviderData(self._family, part))

    def _data(self, extra: JsonObject) -> ProviderData | None:
        return ProviderData(self._family, extra) if extra else None
