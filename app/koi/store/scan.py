"""Reading a journal as it is found on disk, damage included."""

from __future__ import annotations

from pathlib import Path

import msgspec

from koi.core.errors import StorageError
from koi.store.lines import VERSION, DamagedLine, Entry, decode_line, salvage


class Damage(msgspec.Struct, frozen=True):
    """A line that could not be read. `line` counts from 1; `offset` and `length` are bytes."""

    line: int
    offset: int
    length: int
    reason: str


class Contents(msgspec.Struct, frozen=True):
    """All readable entries in file order, and what was not readable."""

    entries: tuple[Entry, ...] = ()
    damage: tuple[Damage, ...] = ()
    version: int = VERSION
    """The newest version that a line claims."""
    size: int = 0
    """Bytes up to where the next line begins; what follows is a torn tail."""
    torn: int = 0
    """Bytes of a last line that was never finished."""
    unended: bool = False
    """The last line needs a newline, and is kept."""


def scan(data: bytes) -> Contents:
    """What the bytes of a journal hold. Never fails."""
    entries: list[Entry] = []
    damage: list[Damage] = []
    offset = 0
    lines = data.split(b"\n")
    tail = lines.pop()
    for number, line in enumerate(lines, start=1):
        if line:
            try:
                entries.append(decode_line(line))
            except DamagedLine as error:
                entries.extend(salvage(line))
                damage.append(Damage(number, offset, len(line), str(error)))
        offset += len(line) + 1
    torn, unended = len(tail), False
    if tail:
        try:
            rest = [decode_line(tail)]
        except DamagedLine as error:
            rest = list(salvage(tail))
            damage.append(Damage(len(lines) + 1, offset, len(tail), f"it is cut off, {error}"))
        if rest:
            entries.extend(rest)
            offset, torn, unended = offset + len(tail), 0, True
    version = max((entry.v for entry in entries), default=VERSION)
    return Contents(tuple(entries), tuple(damage), version, offset, torn, unended)


def read_journal(path: Path) -> Contents:
    """What a journal holds, without a lock and without mending it. Raises StorageError."""
    try:
        return scan(path.read_bytes())
    except OSError as error:
        raise StorageError(
            f"cannot read the session {path}: {error.strerror}",
            hint="Check that the file exists and belongs to you.",
        ) from error
