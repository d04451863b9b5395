"""AWS event streams from bytes, with both checksums verified, however the network cut them.

https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream
and https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from __future__ import annotations

import struct
import zlib
from typing import TypeAlias

import msgspec

from koi.core.errors import ProviderError
from koi.net.framing import StreamEvent

MAX_HEADERS = 128 * 1024
MAX_PAYLOAD = 24 * 1024 * 1024
EXCEPTION = "exception:"
"""Names of events begin so that end the stream with a failure; their data is its JSON."""
HeaderValue: TypeAlias = bool | int | str | bytes

_PRELUDE = 12
_CHECKSUM = 4
_KEPT_NAMES = 64
_lengths = struct.Struct("!III").unpack_from
_checksum = struct.Struct("!I").unpack_from
_FIXED = {2: struct.Struct("!b"), 3: struct.Struct("!h"), 4: struct.Struct("!i")}
_FIXED |= {5: struct.Struct("!q"), 8: struct.Struct("!q")}


class EventStreamDecoder:
    """Feed it chunks; the events are the same for every chunking. Memory is bounded.

    Events keep the name of their `:event-type`. Failures that the server sends inside the stream
    are named `exception:` and their type. What comes before a damaged message is still returned;
    the damage is raised by the next call.
    """

    __slots__ = ("_failure", "_length", "_names", "_pending")

    def __init__(self) -> None:
        self._pending = bytearray()
        """The message that is not whole yet."""
        self._length = 0
        """What the open message will have, 0 while its prelude has not been checked."""
        self._names: dict[bytes, str] = {}
        """The names of headers that were read before: a stream repeats a handful of them."""
        self._failure: ProviderError | None = None

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that `chunk` completes. Raises ProviderError (protocol) for damage."""
        if self._failure is not None:
            raise self._failure
        if len(self._pending) + len(chunk) < (self._length or _PRELUDE):
            self._pending += chunk
            return []
        data = bytes(self._pending) + chunk if self._pending else chunk
        events: list[StreamEvent] = []
        position = 0
        try:
            while (length := self._next_length(data, position)) is not None:
                events.append(self._message(data, position, length))
                position += length
                self._length = 0
        except ProviderError as error:
            self._failure = error
            if not events:
                raise
        self._pending = bytearray(data[position:])
        return events

    def finish(self) -> list[StreamEvent]:
        """Nothing: a message has no open end. Raises ProviderError for damage or half a message."""
        if self._failure is not None:
            raise self._failure
        if self._pending:
            raise ProviderError(
                "The answer was cut off in the middle of a message",
                kind="network",
                hint="What came is incomplete: ask again.",
            )
        return []

    def _next_length(self, data: bytes, position: int) -> int | None:
        """The bytes of the message at `position`, None when it is not whole yet."""
        rest = len(data) - position
        if not self._length:
            if rest < _PRELUDE:
                return None
            self._length = _checked_length(data, position)
        return self._length if rest >= self._length else None

    def _message(self, data: bytes, position: int, length: int) -> StreamEvent:
        end = position + length - _CHECKSUM
        if zlib.crc32(data[position:end]) != _checksum(data, end)[0]:
            raise _damaged("the checksum of a message is wrong")
        start = position + _PRELUDE + _lengths(data, position)[1]
        block = data[position + _PRELUDE : start]
        name = self._names.get(block)
        if name is not None:
            return StreamEvent(name, data[start:end])
        headers = read_headers(block)
        match headers.get(":message-type"):
            case "error":
                message = _text(headers, ":error-message")
                name = f"{EXCEPTION}{_text(headers, ':error-code')}"
                return StreamEvent(name, msgspec.json.encode({"message": message}))
            case "exception":
                name = f"{EXCEPTION}{_text(headers, ':exception-type')}"
            case _:
                name = _text(headers, ":event-type")
        if len(self._names) < _KEPT_NAMES:
            self._names[block] = name
        return StreamEvent(name, data[start:end])


def _checked_length(data: bytes, position: int) -> int:
    """The length in a prelude. Raises ProviderError (protocol) for one that cannot be."""
    total, headers, checksum = _lengths(data, position)
    if zlib.crc32(data[position : position + 8]) != checksum:
        raise _damaged("the checksum of a message's beginning is wrong")
    payload = total - headers - _PRELUDE - _CHECKSUM
    if headers > MAX_HEADERS or not 0 <= payload <= MAX_PAYLOAD:
        raise _damaged(f"a message of {total} bytes with headers of {headers} bytes")
    return int(total)


def read_headers(block: bytes) -> dict[str, HeaderValue]:
    """The headers of one message. Raises ProviderError (protocol) for what is none.

    Times are milliseconds since 1970; byte arrays and UUIDs are bytes.
    """
    headers: dict[str, HeaderValue] = {}
    position = 0
    try:
        while position < len(block):
            start = position + 1
            position = start + block[position]
            name = _slice(block, start, position).decode()
            if name in headers:
                raise _damaged(f"the header {name} is there twice")
            headers[name], position = _value(block, position)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise _damaged("a header is broken") from error
    return headers


def _value(block: bytes, position: int) -> tuple[HeaderValue, int]:
    """The value whose type is at `position`, and where the next header begins."""
    kind = block[position]
    position += 1
    match kind:
        case 0 | 1:
            return kind == 0, position
        case 2 | 3 | 4 | 5 | 8:
            number = _FIXED[kind]
            return int(number.unpack_from(block, position)[0]), position + number.size
        case 6 | 7:
            start = position + 2
            end = start + int.from_bytes(_slice(block, position, start))
            value = _slice(block, start, end)
            return value if kind == 6 else value.decode(), end
        case 9:
            return _slice(block, position, position + 16), position + 16
    raise _damaged(f"a header is of the unknown type {kind}")


def _slice(block: bytes, start: int, end: int) -> bytes:
    if end > len(block):
        raise IndexError(end)
    return block[start:end]


def _text(headers: dict[str, HeaderValue], name: str) -> str:
    value = headers.get(name)
    return value if isinstance(value, str) else ""


def _damaged(what: str) -> ProviderError:
    return ProviderError(
        f"The answer is damaged: {what}",
        kind="protocol",
        hint="Ask again; if it stays so, look for a proxy on the way, or check base_url.",
    )
