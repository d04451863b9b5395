"""Messages of AWS event streams, made from headers of all types."""

from __future__ import annotations

import struct
import zlib
from uuid import UUID

Value = bool | int | str | bytes | UUID


def message(headers: dict[str, tuple[int, Value]], payload: bytes = b"") -> bytes:
    """One message; each header has the number of its type."""
    block = b"".join(header(name, kind, value) for name, (kind, value) in headers.items())
    return frame(block, payload)


def event(name: str, payload: bytes, message_type: str = "event") -> bytes:
    """One message as Bedrock sends it."""
    key = ":exception-type" if message_type == "exception" else ":event-type"
    texts = {key: name, ":content-type": "application/json", ":message-type": message_type}
    return message({key: (7, value) for key, value in texts.items()}, payload)


def frame(block: bytes, payload: bytes) -> bytes:
    """A message around a block of headers, with right checksums."""
    lengths = struct.pack("!II", 16 + len(block) + len(payload), len(block))
    whole = lengths + struct.pack("!I", zlib.crc32(lengths)) + block + payload
    return whole + struct.pack("!I", zlib.crc32(whole))


def oversized() -> bytes:
    """The beginning of a message that says, with a right checksum, that it has 2 GiB."""
    lengths = struct.pack("!II", 2**31 - 1, 0)
    return lengths + struct.pack("!I", zlib.crc32(lengths))


def header(name: str, kind: int, value: Value) -> bytes:
    """One header."""
    return bytes([len(name.encode())]) + name.encode() + bytes([kind]) + _value(kind, value)


def _value(kind: int, value: Value) -> bytes:
    match kind, value:
        case ((0 | 1), _):
            return b""
        case ((2 | 3 | 4 | 5 | 8), int()):
            letter = {2: "b", 3: "h", 4: "i", 5: "q", 8: "q"}[kind]
            return struct.pack(f"!{letter}", value)
        case _, UUID():
            return value.bytes
        case _, str():
            return struct.pack("!H", len(value.encode())) + value.encode()
        case _, bytes():
            return struct.pack("!H", len(value)) + value
    raise AssertionError(kind)
