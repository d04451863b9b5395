"""Tool calls of a chat stream: which fragment belongs to which call.

Indexes may be missing, start at 1, or all be 0; ids may be missing, ids and names be repeated,
empty or null.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from koi.core.messages import JsonObject
from koi.core.provider_events import ProviderEvent, ToolCallDelta, ToolCallStarted
from koi.providers.wire.fields import mapping, text
from koi.providers.wire.parser import new_call_id, raw_arguments


@dataclass(slots=True)
class OpenCall:
    """A call whose arguments still come."""

    id: str
    given_id: bool
    name: str = ""
    fragments: list[str] = field(default_factory=list)
    extra: JsonObject | None = None
    """What the provider wants back with the call (signatures), as it came."""

    @property
    def raw(self) -> str:
        """The arguments so far."""
        return "".join(self.fragments)


class OpenCalls:
    """All calls of one answer, in the order in which they began."""

    def __init__(self) -> None:
        self.all: list[OpenCall] = []
        self._by_index: dict[int, OpenCall] = {}
        self._by_id: dict[str, OpenCall] = {}

    def take(self, delta: JsonObject, *, whole: bool = False) -> list[ProviderEvent]:
        """The events that one element of `tool_calls` means; `whole`: it is a call by itself."""
        function = mapping(delta, "function")
        name, identity = text(function, "name"), text(delta, "id")
        fragment = raw_arguments(function.get("arguments"))
        index = delta.get("index")
        known = None if whole else self._known(index, identity)
        if known is not None and _opens_another(known, identity, name, fragment):
            known = None
        call = known or self._open(index, identity)
        if extra := mapping(delta, "extra_content"):
            call.extra = extra
        events: list[ProviderEvent] = []
        if name and not call.name:
            call.name = name
            if identity and not call.given_id and identity not in self._by_id:
                call.id, call.given_id = identity, True
                self._by_id[identity] = call
            events.append(ToolCallStarted(call.id, name))
            if call.fragments:
                events.append(ToolCallDelta(call.id, call.raw))
        if fragment:
            call.fragments.append(fragment)
            if call.name:
                events.append(ToolCallDelta(call.id, fragment))
        return events

    def _open(self, index: object, identity: str) -> OpenCall:
        used = identity in self._by_id
        call = OpenCall(new_call_id() if used or not identity else identity, bool(identity))
        self.all.append(call)
        self._by_id[call.id] = call
        if isinstance(index, int):
            self._by_index[index] = call
        return call

    def _known(self, index: object, identity: str) -> OpenCall | None:
        if isinstance(index, int):
            return self._by_index.get(index)
        if identity:
            return self._by_id.get(identity)
        return self.all[-1] if self.all else None


def _opens_another(call: OpenCall, identity: str, name: str, fragment: str) -> bool:
    """Whether a new call begins under an index that is in use, or without one.

    A new id together with a name says so; without an id, a name with arguments after arguments
    that came whole at once: who gives no ids sends no fragments.
    """
    if not (name and call.name):
        return False
    if identity:
        return identity != call.id
    return bool(fragment) and not call.given_id and _came_whole(call)


def _came_whole(call: OpenCall) -> bool:
    if len(call.fragments) != 1:
        return False
    try:
        return isinstance(msgspec.json.decode(call.raw), dict)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
