"""What every request cost, over all sessions; it outlives the sessions themselves."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from koi.core.errors import StorageError
from koi.core.references import ModelReference
from koi.core.usage import Usage
from koi.files.atomic import create_private_folder
from koi.files.lock import wait_lock

_LOCK_TIMEOUT_S = 5.0


class LedgerEntry(msgspec.Struct, frozen=True):
    """One request. `ts` is in seconds since the epoch; a cost of None is unknown."""

    ts: float
    session_id: str
    model: ModelReference
    role: str
    usage: Usage
    cost_usd: float | None
    v: int = 1
    request_id: str = ""
    """As in the session's journal; "" in lines of older versions."""
    ok: bool = True
    """False for an attempt that failed or was interrupted after the provider had it."""


class LedgerContents(msgspec.Struct, frozen=True):
    """The requests that could be read, and the number of lines that could not."""

    entries: tuple[LedgerEntry, ...] = ()
    damaged_lines: int = 0


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(LedgerEntry)


def append_ledger(path: Path, entry: LedgerEntry) -> None:
    """Add one request; safe while other processes do the same. Raises StorageError."""
    try:
        if not path.parent.is_dir():
            create_private_folder(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            wait_lock(descriptor, path, _LOCK_TIMEOUT_S)
            size = os.fstat(descriptor).st_size
            cut = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            line = (b"\n" if cut else b"") + _encoder.encode(entry) + b"\n"
            if os.write(descriptor, line) != len(line):
                os.ftruncate(descriptor, size)
                raise OSError(0, "the disk took only a part of it; make room")
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StorageError(
            f"cannot write the ledger {path}: {error.strerror}",
            hint="Check the free space and the permissions of its folder.",
        ) from error


def read_ledger(path: Path) -> LedgerContents:
    """All requests; none without a file.

    Raises StorageError when there is a file that cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return LedgerContents()
    except OSError as error:
        raise StorageError(
            f"cannot read the ledger {path}: {error.strerror}", hint="Check its permissions."
        ) from error
    entries: list[LedgerEntry] = []
    damaged = 0
    for line in data.split(b"\n"):
        if not line:
            continue
        try:
            entries.append(_decoder.decode(line))
        except ValueError:
            damaged += 1
    return LedgerContents(tuple(entries), damaged)
