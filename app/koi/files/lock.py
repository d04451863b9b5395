"""Locks between processes, by flock: the system frees them when their owner dies."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

from koi.core.errors import StorageError

_POLL_S = 0.02
_ORPHANED_S = 1.0


class FileLock:
    """An exclusive lock on a file of its own, as a context manager.

    Entering waits at most `timeout_s` seconds and raises StorageError after that. The file stays.
    """

    def __init__(self, path: Path, *, timeout_s: float = 10.0) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._descriptor: int | None = None

    def __enter__(self) -> FileLock:
        if self._descriptor is not None:
            raise RuntimeError(f"the lock {self._path} is entered twice")
        descriptor = _open(self._path)
        try:
            wait_lock(descriptor, self._path, self._timeout_s)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class HeldLock:
    """A lock that somebody has. It may be released in another thread than it was taken in."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Let others have it; a second time it does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


async def acquire(path: Path, *, timeout_s: float) -> HeldLock:
    """Take the lock of a file, which is made when it is missing and never removed.

    Others go on meanwhile. Raises StorageError when it is not to be had in time.
    """
    held = HeldLock(_open(path))
    descriptor = held._descriptor
    assert descriptor is not None, "it was just opened"
    deadline = time.monotonic() + timeout_s
    try:
        while not try_lock(descriptor):
            if time.monotonic() >= deadline:
                raise _in_use(path, descriptor)
            await asyncio.sleep(_POLL_S)
    except BaseException:
        held.release()
        raise
    return held


def try_lock(descriptor: int) -> bool:
    """Lock an open file exclusively until it is closed; False when somebody else has the lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def take_lock(descriptor: int) -> bool:
    """Lock an open file exclusively until it is closed; False when a living process has the lock.

    A process that was killed while it started another leaves the lock to that one, for the moment
    until it runs its own program: this is waited for.
    """
    deadline = time.monotonic() + _ORPHANED_S
    while not try_lock(descriptor):
        owner = lock_owner(descriptor)
        if (owner is not None and _lives(owner)) or time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True


def wait_lock(descriptor: int, path: Path, timeout_s: float) -> None:
    """Lock an open file exclusively within `timeout_s` seconds, else raise StorageError."""
    deadline = time.monotonic() + timeout_s
    while not try_lock(descriptor):
        if time.monotonic() >= deadline:
            raise _in_use(path, descriptor)
        time.sleep(_POLL_S)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StorageError(
            f"cannot lock {path}: {error.strerror}", hint="Check the permissions of its folder."
        ) from error


def _in_use(path: Path, descriptor: int) -> StorageError:
    return StorageError(
        f"{path} is in use by {describe_owner(descriptor)}",
        hint="Wait until it is done, or end it.",
    )


def describe_owner(descriptor: int) -> str:
    """Who holds the lock of an open file, in words; with its process id where the system tells."""
    pid = lock_owner(descriptor)
    return "another process" if pid is None else f"process {pid}"


def lock_owner(descriptor: int) -> int | None:
    """The process that took the lock of an open file; None when free or when not to be told.

    Only Linux tells: https://man7.org/linux/man-pages/man5/proc_locks.5.html
    """
    status = os.fstat(descriptor)
    try:
        table = Path("/proc/locks").read_text(encoding="ascii")
    except OSError:
        return None
    for line in table.splitlines():
        fields = line.split()
        if len(fields) < 6 or fields[1] != "FLOCK":
            continue
        major, minor, inode = fields[5].split(":")
        place = (os.makedev(int(major, 16), int(minor, 16)), int(inode))
        if place == (status.st_dev, status.st_ino) and int(fields[4]) > 0:
            return int(fields[4])
    return None
