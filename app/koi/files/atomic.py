"""Files that are either the old one or the new one, never half of each; and private folders."""

from __future__ import annotations

import os
import secrets
import stat
import sys
from contextlib import suppress
from pathlib import Path

from koi.core.errors import StorageError


def write_atomic(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Replace a file's content, durably; a symlink stays and its target is replaced.

    `mode` is set exactly when given; else an existing file keeps its own, and a new one gets 0666
    less the umask. Raises StorageError; then the old file is untouched and nothing is left behind.
    """
    try:
        _replace(Path(os.path.realpath(path)), data, mode)
    except OSError as error:
        raise StorageError(
            f"cannot write {path}: {error.strerror}",
            hint="Check the free space and the permissions of its folder; nothing was changed.",
        ) from error


def _replace(target: Path, data: bytes, mode: int | None) -> None:
    try:
        existing: os.stat_result | None = target.stat()
    except FileNotFoundError:
        existing = None
    if existing is not None and not stat.S_ISREG(existing.st_mode):
        raise OSError(0, "it is not a regular file")
    if mode is None and existing is not None:
        mode = stat.S_IMODE(existing.st_mode)
    temporary = target.with_name(f".koi-{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(temporary, flags, 0o666 if mode is None else mode & 0o600)
    try:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            if existing is not None and existing.st_uid != os.geteuid():
                with suppress(PermissionError):
                    os.fchown(descriptor, existing.st_uid, existing.st_gid)
            if mode is not None:
                os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(target.parent)


def create_private_folder(path: Path) -> None:
    """Make a folder, and missing ones above it, for this user only (0700). Raises StorageError.

    A folder that exists already and is open to others is closed to them.
    """
    try:
        missing = [folder for folder in (path, *path.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)
        if path.stat().st_mode & 0o077:
            path.chmod(0o700)
    except OSError as error:
        raise StorageError(
            f"cannot make the private folder {path}: {error.strerror}",
            hint="Check the permissions of the folders above it, or set KOI_HOME to another place.",
        ) from error


def sync_folder(path: Path) -> None:
    """Make creations, renames and removals in a folder durable. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_data(descriptor: int) -> None:
    """Make the written bytes of an open file durable. Raises OSError."""
    if sys.platform == "linux":
        os.fdatasync(descriptor)
    else:
        os.fsync(descriptor)
