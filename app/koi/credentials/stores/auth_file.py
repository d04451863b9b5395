"""auth.json: the tokens of koi's own logins, private, never half written, never lost in silence."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import msgspec

from koi.core.errors import StorageError
from koi.core.messages import JsonObject
from koi.credentials.stores.token_record import (
    OAUTH,
    TokenRecord,
    read_record,
    written_record,
)
from koi.credentials.stores.unsaved import unsaved
from koi.files.atomic import create_private_folder, write_atomic
from koi.files.lock import FileLock

VERSION = 1
LARGEST = 1024 * 1024
_LOCK_S = 5.0
_MODE = 0o600
Stamp: TypeAlias = tuple[int, int, int, int]
"""Tells whether the logins changed: when the file did, its length and inode, and the memory."""


class AuthContents(msgspec.Struct, frozen=True):
    """The logins of a moment, and what a person should know about the file."""

    records: dict[str, TokenRecord]
    notes: tuple[str, ...] = ()


class AuthFile:
    """Reads at any time; changes one entry at a time under a short lock between processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> AuthContents:
        """All logins. A damaged file is set aside, an open one is closed to others; notes say so.

        Raises StorageError when it is there and cannot be read.
        """
        with _reading:
            document, notes = self._load()
        records = {
            name: record
            for name, entry in _providers(document).items()
            if (record := read_record(entry)) is not None
        }
        records, unwritten = unsaved.merged(self.path, records)
        return AuthContents(records, (*notes, *unwritten))

    def get(self, provider: str) -> TokenRecord | None:
        """One login, None when there is none. Raises as `read`."""
        return self.read().records.get(provider)

    def stamp(self) -> Stamp | None:
        """Changes whenever a login does; None when there is no file."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return (status.st_mtime_ns, status.st_size, status.st_ino, unsaved.version)

    def put(self, provider: str, record: TokenRecord) -> None:
        """Keep a login, durably, in place of the one before. Raises StorageError."""

        def change(providers: JsonObject) -> bool:
            providers[provider] = written_record(record, providers.get(provider))
            return True

        self._change(change)
        unsaved.drop(self.path, provider)

    def replace(self, provider: str, old: TokenRecord | None, new: TokenRecord) -> bool:
        """Keep a renewed login; False when somebody connected anew or disconnected meanwhile.

        Raises StorageError.
        """
        stands_for = unsaved.stands_for(self.path, provider, old)

        def change(providers: JsonObject) -> bool:
            if read_record(providers.get(provider)) != stands_for:
                return False
            providers[provider] = written_record(new, providers.get(provider))
            return True

        changed = self._change(change)
        unsaved.drop(self.path, provider)
        return changed

    def check_writable(self) -> None:
        """Raises StorageError when it is sure that no login can be kept here."""
        create_private_folder(self.path.parent)
        if not os.access(os.path.dirname(os.path.realpath(self.path)), os.W_OK):
            raise StorageError(
                f"nothing can be written beside {self.path}",
                hint="Check the permissions of its folder, or set KOI_HOME to another place.",
            )
        with _reading:
            _check_version(self._load()[0], self.path)

    def save_held(self, provider: str) -> None:
        """Write down what the disk did not take before. Raises StorageError: it still does not."""
        held = unsaved.held(self.path, provider)
        if held is not None:
            self.replace(provider, held, held)

    def hold(self, provider: str, record: TokenRecord) -> None:
        """Keep a login in memory, when the disk does not take it, until it does or koi ends."""
        try:
            with _reading:
                document, _ = self._load()
        except StorageError:
            document = {}
        unsaved.hold(self.path, provider, read_record(_providers(document).get(provider)), record)

    def remove(self, provider: str) -> bool:
        """Forget a login; False when there was none. Raises StorageError."""

        def change(providers: JsonObject) -> bool:
            entry = providers.get(provider)
            if not isinstance(entry, dict) or entry.get("type") != OAUTH:
                return False
            del providers[provider]
            return True

        held = unsaved.drop(self.path, provider)
        return (self.path.exists() and self._change(change)) or held

    def _change(self, change: Callable[[JsonObject], bool]) -> bool:
        create_private_folder(self.path.parent)
        with _reading, FileLock(self._lock_path(), timeout_s=_LOCK_S):
            document, _ = self._load(locked=True)
            _check_version(document, self.path)
            providers = _providers(document)
            if not change(providers):
                return False
            document = {"version": VERSION, **document, "providers": providers}
            data = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
            write_atomic(self.path, data, mode=_MODE)
            return True

    def _lock_path(self) -> Path:
        return self.path.with_name(f"{self.path.name}.lock")

    def _load(self, *, locked: bool = False) -> tuple[JsonObject, list[str]]:
        """The document, and notes. A damaged file is set aside, under the lock."""
        notes: list[str] = []
        try:
            data = _read_private(self.path, notes)
            if data is None:
                return {}, notes
            return _decode(data), notes
        except ValueError as damage:
            if not locked:
                with FileLock(self._lock_path(), timeout_s=_LOCK_S):
                    return self._load(locked=True)
            notes.append(self._set_aside(str(damage)))
            return {}, notes

    def _set_aside(self, damage: str) -> str:
        """Keep a damaged file under another name, and say so."""
        target = Path(os.path.realpath(self.path))
        name = f"auth.json.bad-{time.strftime('%Y%m%dT%H%M%S')}"
        kept, number = target.with_name(name), 1
        while kept.exists():
            number += 1
            kept = target.with_name(f"{name}-{number}")
        try:
            target.chmod(_MODE)
            target.rename(kept)
        except OSError as error:
            raise StorageError(
                f"{self.path} is damaged ({damage}) and cannot be set aside: {error.strerror}",
                hint="Mend or remove it; koi does not write over it.",
            ) from error
        return f"{self.path} was damaged ({damage}): it is kept as {kept.name}, connect again"


_reading = threading.RLock()
"""Two threads of one process must not set the same file aside."""


def _read_private(path: Path, notes: list[str]) -> bytes | None:
    """The bytes of the file, None when there is none. Raises ValueError when it is too large."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error.strerror or "") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _unreadable(path, "it is not a regular file")
        if status.st_mode & 0o077:
            with suppress(OSError):
                os.fchmod(descriptor, _MODE)
                notes.append(f"{path} was open to others on this machine: it is private now")
        if status.st_size > LARGEST:
            raise ValueError("it is too large")
        data = b""
        while len(data) <= LARGEST and (more := os.read(descriptor, LARGEST + 1 - len(data))):
            data += more
    except OSError as error:
        raise _unreadable(path, error.strerror or "") from error
    finally:
        os.close(descriptor)
    return data


def _unreadable(path: Path, why: str) -> StorageError:
    return StorageError(
        f"cannot read {path}: {why}", hint="Check who owns it, and its permissions."
    )


def _decode(data: bytes) -> JsonObject:
    """The document. Raises ValueError, which never repeats what stands in it."""
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("it is not JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("providers", {}), dict):
        raise ValueError("it holds no table of providers")
    return document


def _providers(document: JsonObject) -> JsonObject:
    found = document.get("providers", {})
    return dict(found) if isinstance(found, dict) else {}


def _check_version(document: JsonObject, path: Path) -> None:
    version = document.get("version", VERSION)
    if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        raise StorageError(
            f"{path} was written by a newer koi, so it is not changed",
            hint="Use that version, or set KOI_HOME to another place for this one.",
        )
