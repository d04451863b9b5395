"""What the ledger adds up to for the local calendar day, read a piece at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, time
from pathlib import Path

import msgspec

from koi.core.budgets import Amounts
from koi.core.errors import StorageError
from koi.core.usage import Usage

_BLOCK = 65_536
_LONGEST_LINE = 1_048_576
"""Longer ones are damage; they are not put together."""
_OUT_OF_ORDER_S = 3600.0
"""Lines of several processes, and of a clock that was set, may be that much out of order."""
_MARK = 64


class DaySums(msgspec.Struct, frozen=True):
    """The requests of a day."""

    spent: Amounts = Amounts()
    unpriced: int = 0
    """Requests whose price is not known: their USD are not in `spent`."""


class _Line(msgspec.Struct, frozen=True):
    ts: float
    usage: Usage
    cost_usd: float | None


_decoder = msgspec.json.Decoder(_Line)


def day_start(now: float) -> float:
    """When the local calendar day of `now` began; both in seconds since the epoch."""
    return datetime.combine(datetime.fromtimestamp(now).date(), time.min).timestamp()


class DayLedger:
    """Remembers how far it has read; a day that begins, or another file, is read anew."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self._path = path
        self._now = now
        self._place: tuple[float, int, int] | None = None
        """The day, and the file, that the sums are of."""
        self._offset = 0
        self._mark = b""
        """The last bytes before the offset: a file that was rewritten has others there."""
        self._sums = DaySums()

    def read(self) -> DaySums:
        """The sums of today; damaged lines are left out. Raises StorageError."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY)
        except FileNotFoundError:
            return DaySums()
        except OSError as error:
            raise self._unreadable(error) from error
        try:
            return self._read(descriptor, day_start(self._now()))
        except OSError as error:
            raise self._unreadable(error) from error
        finally:
            os.close(descriptor)

    def _read(self, descriptor: int, start: float) -> DaySums:
        status = os.fstat(descriptor)
        place = (start, status.st_dev, status.st_ino)
        if place == self._place and self._goes_on(descriptor):
            data = os.pread(descriptor, max(0, status.st_size - self._offset), self._offset)
            end = self._offset + data.rfind(b"\n") + 1
            lines: Iterable[bytes] = data[: end - self._offset].split(b"\n")
            sums = self._sums
        else:
            end = _end_of_lines(descriptor, status.st_size)
            lines = _lines_since(descriptor, end, start - _OUT_OF_ORDER_S)
            sums = DaySums()
        self._sums = _added(sums, lines, start)
        self._place, self._offset = place, end
        self._mark = os.pread(descriptor, min(_MARK, end), max(0, end - _MARK))
        return self._sums

    def _goes_on(self, descriptor: int) -> bool:
        at = self._offset - len(self._mark)
        return os.pread(descriptor, len(self._mark), at) == self._mark

    def _unreadable(self, error: OSError) -> StorageError:
        return StorageError(
            f"cannot read the ledger {self._path}: {error.strerror}",
            hint="Check its permissions; a limit of the day cannot be kept without it.",
        )


def _added(sums: DaySums, lines: Iterable[bytes], start: float) -> DaySums:
    usd, tokens, unpriced = sums.spent.usd, sums.spent.tokens, sums.unpriced
    for text in lines:
        line = _decoded(text)
        if line is None or line.ts < start:
            continue
        tokens += line.usage.context_tokens
        if line.cost_usd is None:
            unpriced += 1
        else:
            usd += line.cost_usd
    return DaySums(Amounts(usd, tokens), unpriced)


def _decoded(text: bytes) -> _Line | None:
    try:
        return _decoder.decode(text)
    except ValueError:
        return None


def _end_of_lines(descriptor: int, size: int) -> int:
    """Where the last whole line ends."""
    at = size
    while at > 0:
        length = min(_BLOCK, at)
        found = os.pread(descriptor, length, at - length).rfind(b"\n")
        if found >= 0:
            return at - length + found + 1
        at -= length
    return 0


def _lines_since(descriptor: int, end: int, since: float) -> Iterator[bytes]:
    """Lines from the last one backwards, until one is older than `since`."""
    at, begun = end, b""
    while at > 0:
        length = min(_BLOCK, at)
        at -= length
        lines = (os.pread(descriptor, length, at) + begun).split(b"\n")
        begun = lines.pop(0) if at else b""
        if len(begun) > _LONGEST_LINE:
            begun = b""
        for text in reversed(lines):
            line = _decoded(text)
            if line is not None and line.ts < since:
                return
            yield text
