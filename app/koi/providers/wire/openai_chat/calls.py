"""Tool calls of a chat stream: which fragment belongs to which call.

Indexes may be missing, start at 1, or all be 0; ids and names may be repeated, empty or null.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from koi.core.messages import JsonObject
from koi.core.provider_events import ProviderEvent, ToolCallDelta, ToolCallStarted
from koi.providers.wire.fields import mapping, text
from koi.providers.wire.parser import new_call_id


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

    def take(self, delta: JsonObject) -> list[ProviderEvent]:
        """The events that one element of `tool_calls` means."""
        function = mapping(delta, "function")
        name, identity = text(function, "name"), text(delta, "id")
        call = self._call(delta.get("index"), identity, name)
        if extra := mapping(delta, "extra_content"):
            call.extra = extra
        events: list[ProviderEvent] = []
        fragment = _fragment(function.get("arguments"))
        if name and not call.name:
            call.name = name
            if identity and not call.given_id:
                call.id, call.given_id = identity, True
            events.append(ToolCallStarted(call.id, name))
            if call.fragments:
                events.append(ToolCallDelta(call.id, call.raw))
        if fragment:
            call.fragments.append(fragment)
            if call.name:
                events.append(ToolCallDelta(call.id, fragment))
        return events

    def _call(self, index: object, identity: str, name: str) -> OpenCall:
        known = self._known(index, identity)
        if known is not None and not _opens_another(known, identity, name):
            return known
        used = any(call.id == identity for call in self.all)
        call = OpenCall(new_call_id() if used or not identity else identity, bool(identity))
        self.all.append(call)
        if isinstance(index, int):
            self._by_index[index] = call
        return call

    def _known(self, index: object, identity: str) -> OpenCall | None:
        if isinstance(index, int):
            return self._by_index.get(index)
        if identity:
            return next((call for call in self.all if call.id == identity), None)
        return self.all[-1] if self.all else None


def _opens_another(call: OpenCall, identity: str, name: str) -> bool:
    """A new id together with a name opens a new call, even under an index that is in use."""
    return bool(identity and name and call.name and identity != call.id)


def _fragment(arguments: object) -> str:
    """Arguments as text; some servers send the object itself."""
    if isinstance(arguments, str):
        return arguments
    return msgspec.json.encode(arguments).decode() if isinstance(arguments, dict) else ""
