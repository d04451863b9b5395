"""What every request cost, over all sessions; it outlives the sessions themselves."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from koi.core.errors import StorageError
from koi.core.references import ModelReference
from koi.core.usage import Cost, Usage
from koi.files.atomic import create_private_folder
from koi.files.lock import wait_lock

LedgerGroup: TypeAlias = Literal["day", "provider", "model", "role"]
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


class LedgerSum(msgspec.Struct, frozen=True):
    """Requests added up."""

    requests: int = 0
    usage: Usage = Usage()
    cost: Cost = Cost()

    def add(self, entry: LedgerEntry) -> LedgerSum:
        """This sum and one more request."""
        return LedgerSum(self.requests + 1, self.usage + entry.usage, self.cost.add(entry.cost_usd))


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


def read_ledger(path: Path, *, since: float = 0.0) -> LedgerContents:
    """All requests from the time `since` on (seconds since the epoch); none without a file.

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
            entry = _decoder.decode(line)
        except ValueError:
            damaged += 1
            continue
        if entry.ts >= since:
            entries.append(entry)
    return LedgerContents(tuple(entries), damaged)


def sum_ledger(entries: Iterable[LedgerEntry], by: LedgerGroup) -> dict[str, LedgerSum]:
    """The sums of each day (local time, 2026-11-20), provider, model reference or role."""
    sums: dict[str, LedgerSum] = {}
    for entry in entries:
        key = _key(entry, by)
        sums[key] = sums.get(key, LedgerSum()).add(entry)
    return sums


def _key(entry: LedgerEntry, by: LedgerGroup) -> str:
    match by:
        case "day":
            return time.strftime("%Y-%m-%d", time.localtime(entry.ts))
        case "provider":
            return entry.model.provider
        case "model":
            return str(entry.model)
        case "role":
            return entry.role


def start_of_day(now: float | None = None) -> float:
    """When the local calendar day of `now` began, in seconds since the epoch."""
    local = time.localtime(now)
    return time.mktime((local.tm_year, local.tm_mon, local.tm_mday, 0, 0, 0, 0, 0, -1))
