"""The writer of one session's file: nothing has effects before its record is here.

Append-only. Every record names the one it follows, so that a fork only follows another one.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import threading
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from koi.core.errors import StorageError
from koi.files.atomic import create_private_folder, sync_data, sync_folder, write_atomic
from koi.files.lock import describe_owner, take_lock, try_lock
from koi.store.lines import VERSION, Entry, encode_line, version_of
from koi.store.records import (
    JournalState,
    KnownRecord,
    PromptRecord,
    SessionRecord,
    TurnEndRecord,
    advance,
)
from koi.store.scan import Contents, scan

_LETTERS = "abcdefghjkmnpqrstuvwxyz"
_ALPHABET = _LETTERS + "23456789"


class Journal:
    """One session's journal. One writer at a time, held by a lock on the file itself.

    `append` and `close` belong to one thread; `sync` may run in another, as in
    `await asyncio.to_thread(journal.sync)`.
    """

    def __init__(self, path: Path, contents: Contents, *, read_only: bool) -> None:
        """Use `create` or `open`."""
        self.path = path
        self.session_id = path.stem
        self.contents = contents
        """What the file held when it was opened."""
        self.read_only = read_only
        self.head: str | None = contents.entries[-1].id if contents.entries else None
        """The record that the next one follows."""
        self.root: str | None = contents.entries[0].id if contents.entries else None
        """The first record of all."""
        self.state = JournalState()
        """What the session adds up to."""
        for entry in contents.entries:
            self.state = advance(self.state, entry.record)
        self._prefix, self._count = _unused_prefix(contents), 0
        self._descriptor: int | None = None
        self._waiting = b""
        """Lines from before the first prompt: there is no file yet."""
        self._size = self._synced = contents.size
        self._unsynced = bytearray()
        self._partial = self._sync_failed = self._new_file = False
        self._guard = threading.Lock()
        """Held for moments, so that appending never waits for a disk."""
        self._syncing = threading.Lock()

    @classmethod
    def create(cls, folder: Path, start: SessionRecord) -> Journal:
        """A new session. Its file appears with its first prompt; without one there is none."""
        journal = cls(folder / f"{_new_session_id()}.jsonl", Contents(), read_only=False)
        journal.append(start)
        return journal

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Journal:
        """A session that exists; `contents` holds its entries, and `damage` what was unreadable.

        A torn tail is moved to `<id>.torn-<n>`. A file of a newer version opens read-only. Raises
        StorageError, also when another process writes to it and `read_only` was not asked for.
        """
        flags = os.O_RDONLY if read_only else os.O_RDWR
        try:
            descriptor = os.open(path, flags | os.O_NONBLOCK)
        except OSError as error:
            raise _storage_error("open", path, error) from error
        keep = False
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise StorageError(f"{path} is not a session file", hint="See: koi sessions list")
            if not read_only and not take_lock(descriptor):
                raise StorageError(
                    f"the session {path.stem} is in use by {describe_owner(descriptor)}",
                    hint="Close it there first, or start a new session here.",
                )
            if os.fstat(descriptor).st_nlink == 0:
                raise StorageError(
                    f"the session {path.stem} was deleted just now", hint="See: koi sessions list"
                )
            with open(descriptor, "rb", closefd=False) as file:
                contents = scan(file.read())
            journal = cls(path, contents, read_only=read_only or contents.version > VERSION)
            if not journal.read_only:
                journal._take(descriptor)
                keep = True
            return journal
        except OSError as error:
            raise _storage_error("open", path, error) from error
        finally:
            if not keep:
                os.close(descriptor)

    def append(self, record: KnownRecord, *, sync: bool = False, after: str | None = None) -> str:
        """Write one record after `head`; returns its id. With `sync`, it is durable on return.

        `after` names an earlier record that it follows instead: a branch begins there.
        Raises StorageError. When writing failed, nothing was recorded and the next append tries
        afresh; when only `sync` failed, the record is kept and the next sync tries afresh.
        """
        if self.read_only:
            raise StorageError(
                f"the session {self.session_id} is open for reading only",
                hint="Start a new session to go on.",
            )
        if isinstance(record, TurnEndRecord):
            record = msgspec.structs.replace(record, state=self.state)
        parent, now = after or self.head, round(time.time(), 3)
        entry = Entry(self._next_id(), parent, now, record, version_of(record))
        line = encode_line(entry)
        if self._descriptor is None and not isinstance(record, PromptRecord):
            self._waiting += line
        else:
            self._write(self._waiting + line)
            self._waiting = b""
        self.head = entry.id
        self.root = self.root or entry.id
        self.state = advance(self.state, record)
        if sync:
            self.sync()
        return entry.id

    def sync(self) -> None:
        """Make all appended records durable (fdatasync). Raises StorageError."""
        with self._syncing:
            with self._guard:
                descriptor, mark, start = self._descriptor, self._size, self._synced
                again = bytes(self._unsynced) if self._sync_failed else b""
            if descriptor is None or mark == start:
                return
            try:
                # After a failed sync the system may have dropped the bytes and the error.
                _write_at(descriptor, again, start)
                sync_data(descriptor)
                if self._new_file:
                    sync_folder(self.path.parent)
            except OSError as error:
                self._sync_failed = True
                raise _storage_error("write", self.path, error) from error
            with self._guard:
                del self._unsynced[: mark - start]
                self._synced = mark
            self._sync_failed = self._new_file = False

    def close(self) -> None:
        """Make the records durable and free the lock; it is freed also when StorageError is raised.

        Closing twice is harmless.
        """
        try:
            self.sync()
        finally:
            self.read_only = True
            with self._syncing:
                descriptor, self._descriptor = self._descriptor, None
                if descriptor is not None:
                    os.close(descriptor)

    def _next_id(self) -> str:
        self._count += 1
        return f"{self._prefix}{self._count}"

    def _write(self, data: bytes) -> None:
        try:
            if self._descriptor is None:
                self._create_file(data)
            else:
                if self._partial:
                    os.ftruncate(self._descriptor, self._size)
                self._partial = True
                _write_at(self._descriptor, data, self._size)
            self._partial = False
        except OSError as error:
            if self._descriptor is not None:
                with suppress(OSError):  # else the next append, or the next open, cuts it
                    os.ftruncate(self._descriptor, self._size)
            raise _storage_error("write", self.path, error) from error
        with self._guard:
            self._size += len(data)
            self._unsynced += data

    def _create_file(self, data: bytes) -> None:
        create_private_folder(self.path.parent)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        descriptor = os.open(self.path, flags, 0o600)
        try:
            if not try_lock(descriptor):
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
            _write_at(descriptor, data, 0)
        except BaseException:
            os.close(descriptor)
            self.path.unlink()
            raise
        self._descriptor, self._new_file = descriptor, True

    def _take(self, descriptor: int) -> None:
        """Become the writer of an open, locked file, and mend its end."""
        contents = self.contents
        os.fchmod(descriptor, 0o600)
        if contents.torn:
            _keep_aside(self.path, os.pread(descriptor, contents.torn, contents.size))
            os.ftruncate(descriptor, contents.size)
        if contents.unended:
            _write_at(descriptor, b"\n", self._size)
            self._size += 1
        if contents.torn or contents.unended:
            os.fsync(descriptor)
        self._descriptor, self._synced = descriptor, self._size


def _write_at(descriptor: int, data: bytes, offset: int) -> None:
    done = 0
    while done < len(data):
        done += os.pwrite(descriptor, data[done:] if done else data, offset + done)


def _keep_aside(path: Path, torn: bytes) -> None:
    number = 1
    while (aside := path.with_name(f"{path.stem}.torn-{number}")).exists():
        number += 1
    write_atomic(aside, torn, mode=0o600)


def _new_session_id() -> str:
    """Sortable by time (UTC), with an end of its own that is short to type."""
    end = "".join(secrets.choice(_ALPHABET) for _ in range(4))
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{end}"


def _unused_prefix(contents: Contents) -> str:
    """Begins the ids that this writer gives: never one that the file holds already."""
    used = {entry.id.rstrip("0123456789") for entry in contents.entries}
    while True:
        prefix = "".join(secrets.choice(_LETTERS) for _ in range(4))
        if prefix not in used:
            return prefix


def _storage_error(action: str, path: Path, error: OSError) -> StorageError:
    hints = {
        errno.ENOSPC: "The disk is full: make room, then go on; nothing was lost.",
        errno.EDQUOT: "Your disk quota is used up: make room, then go on; nothing was lost.",
        errno.EFBIG: "The file may not grow further here: start a new session with /new.",
        errno.EIO: "The disk reports a fault: copy your data elsewhere and check it.",
        errno.ENOENT: "See: koi sessions list",
    }
    hint = hints.get(error.errno or 0, "Check the permissions of its folder, and the disk.")
    return StorageError(f"cannot {action} the session {path}: {error.strerror}", hint=hint)
