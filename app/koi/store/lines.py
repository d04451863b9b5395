"""One record as one line of a journal, and back. Pure: bytes in, bytes out.

A line is JSON: `{"v":1,"id":…,"parent":…,"ts":…,"kind":…, …,"crc":"xxxxxxxx"}`. The last member is
the CRC-32 (as zlib computes it) of all bytes before its comma.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator

import msgspec

from koi.core.errors import StorageError
from koi.store.records import CompactionRecord, KnownRecord, Record, UnknownRecord

VERSION = 2
"""The newest that is understood. A line says the oldest version that understands it."""
_CRC_LENGTH = len(b',"crc":"00000000"}')
_START = re.compile(rb'\{"v":\d+,"id":"[^"\\]+","parent":')
_END = re.compile(rb',"crc":"[0-9a-f]{8}"\}')
_SALVAGE_TRIES = 1_000


class DamagedLine(ValueError):
    """Bytes that are no line of a journal."""


class Entry(msgspec.Struct, frozen=True):
    """A record at its place: its id, the record it follows, and when (seconds since the epoch)."""

    id: str
    parent: str | None
    ts: float
    record: Record
    v: int = 1


class Header(msgspec.Struct, frozen=True):
    """The members that every line has, whatever its kind."""

    v: int
    id: str
    parent: str | None
    ts: float
    kind: str


_encoder = msgspec.json.Encoder()
_header_decoder = msgspec.json.Decoder(Header)
_record_decoder: msgspec.json.Decoder[KnownRecord] = msgspec.json.Decoder(KnownRecord)


def version_of(record: Record) -> int:
    """Which version a line of this record says, so that an older koi does not misread its file."""
    return 2 if isinstance(record, CompactionRecord) else 1


def encode_line(entry: Entry) -> bytes:
    """The line of an entry, newline included. Raises StorageError when it is nested too deep."""
    record = entry.record
    if isinstance(record, UnknownRecord):
        raise ValueError(f"a record of unknown kind '{record.kind}' is not written")
    place = {"v": entry.v, "id": entry.id, "parent": entry.parent, "ts": entry.ts}
    body = _encoder.encode(place)[:-1] + b"," + _encode_record(record)[1:-1]
    return b'%b,"crc":"%08x"}\n' % (body, zlib.crc32(body))


def _encode_record(record: KnownRecord) -> bytes:
    try:
        return _encoder.encode(record)
    except RecursionError as error:
        raise StorageError(
            "a record is nested too deep to be written", hint="Ask for simpler arguments."
        ) from error
    except UnicodeEncodeError:  # a lone surrogate, as in a file name that is not UTF-8
        return json.dumps(msgspec.to_builtins(record), separators=(",", ":")).encode("ascii")


def _decode_header(line: bytes) -> Header:
    """The members before the record, once the CRC was found right. Raises DamagedLine."""
    body = line[:-_CRC_LENGTH]
    if line[-_CRC_LENGTH:] != b',"crc":"%08x"}' % zlib.crc32(body):
        raise DamagedLine("its checksum is wrong")
    try:
        return _header_decoder.decode(line)
    except (msgspec.DecodeError, RecursionError):
        pass  # msgspec is stricter than json about surrogates
    try:
        return msgspec.convert(json.loads(line), Header)
    except (ValueError, RecursionError) as error:
        raise DamagedLine(f"it is no record: {error}") from error


def decode_line(line: bytes) -> Entry:
    """The entry of a line without its newline. Raises DamagedLine.

    A record of an unknown kind or shape becomes an UnknownRecord.
    """
    header = _decode_header(line)
    return Entry(header.id, header.parent, header.ts, _decode_record(line, header), header.v)


def _decode_record(line: bytes, header: Header) -> Record:
    try:
        return _record_decoder.decode(line)
    except msgspec.ValidationError:
        return UnknownRecord(header.kind, line)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        record: KnownRecord = msgspec.convert(json.loads(line), KnownRecord)
    except (ValueError, RecursionError):
        return UnknownRecord(header.kind, line)
    return record


def salvage(line: bytes) -> Iterator[Entry]:
    """Intact records inside a damaged line, as when lines were glued or bytes went lost between."""
    starts = [match.start() for match in _START.finditer(line)]
    done, tries = 0, _SALVAGE_TRIES
    for end in (match.end() for match in _END.finditer(line)):
        for start in starts:
            if start < done or start >= end or tries == 0:
                continue
            tries -= 1
            try:
                entry = decode_line(line[start:end])
            except DamagedLine:
                continue
            yield entry
            done = end
            break
