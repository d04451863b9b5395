"""The shape of every decoder that cuts a body into events, whatever its framing."""

from __future__ import annotations

from typing import Protocol

import msgspec


class StreamEvent(msgspec.Struct, frozen=True, gc=False):
    """One event: its name ("" when the server gave none) and its data."""

    name: str
    data: bytes


class Framing(Protocol):
    """Feed it chunks; the events are the same for every chunking. Memory is bounded."""

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that `chunk` completes. Raises ProviderError (protocol) for what is none."""
        ...

    def finish(self) -> list[StreamEvent]:
        """What was still open at the proper end of the body."""
        ...
