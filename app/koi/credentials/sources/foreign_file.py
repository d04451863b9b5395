"""Reads files that belong to other programs: looked at first, bounded, never written or copied."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec

from koi.core.messages import JsonObject

LARGEST = 1024 * 1024
"""Bytes of a credential file."""


class Unreadable(Exception):
    """A file that is there but cannot be used; says why, without any of its content."""


def read_file(path: Path) -> bytes | None:
    """The content of a regular file that nobody else may write; None when it is not there.

    A symlink is followed to a file of the same person. Raises Unreadable.
    """
    try:
        return _read(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise Unreadable(f"cannot be read: {_reason(error)}") from error


def read_object(path: Path) -> JsonObject | None:
    """The JSON object in a file; None when the file is not there. Raises Unreadable."""
    content = read_file(path)
    return None if content is None else parse_object(content)


def parse_object(content: bytes) -> JsonObject:
    """A JSON object. Raises Unreadable."""
    try:
        found = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Unreadable("is not JSON") from error
    if not isinstance(found, dict):
        raise Unreadable("is not a JSON object")
    return found


def stamp_of(path: Path) -> tuple[int, ...]:
    """Changes when the file does; empty when it is not there."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return ()
    return (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)


def _read(path: Path) -> bytes:
    linked = path.lstat()
    real = Path(os.path.realpath(path, strict=True)) if stat.S_ISLNK(linked.st_mode) else path
    # Looked at before it is opened: opening a device or a pipe can do things.
    found = real.stat()
    _check(found)
    if real != path and found.st_uid != linked.st_uid:
        raise Unreadable("is a link to a file of somebody else")
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(real, flags)
    try:
        _check(os.fstat(descriptor))
        parts: list[bytes] = []
        left = LARGEST + 1
        while left > 0 and (part := os.read(descriptor, min(left, 65536))):
            parts.append(part)
            left -= len(part)
    finally:
        os.close(descriptor)
    if left <= 0:
        raise Unreadable("is larger than 1 MiB")
    return b"".join(parts)


def _check(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("is not a regular file")
    if status.st_mode & 0o022:
        raise Unreadable("may be written by others: chmod go-w")
    if status.st_size > LARGEST:
        raise Unreadable("is larger than 1 MiB")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
