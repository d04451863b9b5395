"""What open requests may cost at most, of all living processes.

Each owner has a file of its own that it holds the lock of while it lives: a file whose lock is to
be had belongs to nobody any more. A line says that an amount is held, or not any more.
"""

from __future__ import annotations

import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path

import msgspec

from koi.core.budgets import Amounts
from koi.core.errors import StorageError
from koi.files.atomic import create_private_folder
from koi.files.lock import try_lock, wait_lock

log = logging.getLogger(__name__)

_LOCK_TIMEOUT_S = 5.0


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    request_id: str
    held: Amounts | None = None
    """None: not any more."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Line)


class Reservations:
    """One owner's view. `hold` and `others(clean=True)` are called under the lock of the budget."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path: Path | None = None
        self._descriptor = -1
        self._open: dict[str, Amounts] = {}

    @property
    def own(self) -> Amounts:
        """What this owner holds."""
        return sum(self._open.values(), Amounts())

    def others(self, *, clean: bool = False) -> Amounts:
        """What all others hold; `clean` removes the files of the dead. Raises StorageError."""
        total = Amounts()
        try:
            for path in self._folder.glob("*.jsonl"):
                if path != self._path:
                    total += _held_in(path, clean)
        except OSError as error:
            raise self._failed("read", error) from error
        return total

    def hold(self, request_id: str, amounts: Amounts) -> None:
        """Hold an amount for a request. Raises StorageError; then nothing is held."""
        try:
            if self._path is None:
                self._create()
            self._write(_Line(request_id, amounts))
        except OSError as error:
            raise self._failed("write", error) from error
        self._open[request_id] = amounts

    def release(self, request_id: str) -> None:
        """Free what a request held; unknown ids are ignored. Needs no lock."""
        if self._open.pop(request_id, None) is None:
            return
        try:
            if self._open:
                self._write(_Line(request_id))
            else:
                os.ftruncate(self._descriptor, 0)
        except OSError as error:
            log.warning("a reservation stays until this koi ends: %s", error)

    def close(self) -> None:
        """Free everything; a second time it does nothing."""
        path, self._path = self._path, None
        if path is None:
            return
        self._open.clear()
        with suppress(FileNotFoundError):
            path.unlink()
        os.close(self._descriptor)

    def _create(self) -> None:
        create_private_folder(self._folder)
        path = self._folder / f"{os.getpid()}-{secrets.token_hex(4)}.jsonl"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND
        descriptor = os.open(path, flags, 0o600)
        try:
            wait_lock(descriptor, path, _LOCK_TIMEOUT_S)
        except BaseException:
            os.close(descriptor)
            raise
        self._path, self._descriptor = path, descriptor

    def _write(self, line: _Line) -> None:
        data = _encoder.encode(line) + b"\n"
        size = os.fstat(self._descriptor).st_size
        if os.write(self._descriptor, data) != len(data):
            os.ftruncate(self._descriptor, size)
            raise OSError(0, "the disk took only a part of it; make room")

    def _failed(self, action: str, error: OSError) -> StorageError:
        return StorageError(
            f"cannot {action} the reservations in {self._folder}: {error.strerror}",
            hint="Check the free space and the permissions of the folder.",
        )


def _held_in(path: Path, clean: bool) -> Amounts:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return Amounts()
    try:
        if try_lock(descriptor):  # its owner died
            if clean:
                path.unlink(missing_ok=True)
            return Amounts()
        held: dict[str, Amounts] = {}
        with open(descriptor, "rb", closefd=False) as file:
            for text in file.read().split(b"\n"):
                _note(text, held)
        return sum(held.values(), Amounts())
    finally:
        os.close(descriptor)


def _note(text: bytes, held: dict[str, Amounts]) -> None:
    """A line that is being written, or was torn, leaves what is held as it is."""
    try:
        line = _decoder.decode(text)
    except ValueError:
        return
    if line.held is None:
        held.pop(line.request_id, None)
    else:
        held[line.request_id] = line.held
