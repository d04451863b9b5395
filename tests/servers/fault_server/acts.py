"""What a server does for one answer, in order: plain data, for whoever has the socket."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes as they are, without any HTTP."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers; the body comes in HTTP chunks."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Data:
    """A part of the body, in one chunk. `pause_s` passes before it."""

    data: bytes
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Flood:
    """The same bytes again and again, until the client has enough or the server may not."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing, or a comment every `pause_s` seconds, until the client hangs up."""

    comment: bytes = b""
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Whole:
    """The body ends as HTTP wants it, and the connection is kept."""


@dataclass(frozen=True, slots=True)
class Close:
    """The connection ends without the body's end."""

    reset: bool = False


Act: TypeAlias = Raw | Head | Data | Flood | Silence | Whole | Close
