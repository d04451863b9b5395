"""Keys in files of their own, readable by this person only: where there is no OS keyring."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote

import msgspec

from koi.core.errors import StorageError
from koi.core.secret import Secret
from koi.files.atomic import create_private_folder, sync_folder, write_atomic

ENDING = ".key"
LARGEST = 64 * 1024
"""Bytes of a key file."""


class FileKey(msgspec.Struct, frozen=True):
    """What was in a key file."""

    secret: Secret
    was_open: bool = False
    """True when others could read it; it is closed to them now."""


def key_path(folder: Path, provider: str) -> Path:
    """The file of a provider's key."""
    return folder / f"{quote(provider, safe='')}{ENDING}"


def names_of_files(folder: Path) -> tuple[str, ...]:
    """The providers that have a key file, in order. Raises StorageError."""
    try:
        entries = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise StorageError(f"cannot read {folder}: {error.strerror}") from error
    return tuple(unquote(name.removesuffix(ENDING)) for name in entries if name.endswith(ENDING))


def read_key_file(folder: Path, provider: str) -> FileKey | None:
    """The key, None when there is no file. One that is open to others is closed to them.

    Raises StorageError for a file that cannot be read, or is none.
    """
    path = key_path(folder, provider)
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise StorageError(f"{path} is not a regular file")
        descriptor = os.open(path, flags)
        try:
            mode = os.fstat(descriptor).st_mode
            content = os.read(descriptor, LARGEST + 1)
            if was_open := bool(mode & 0o077):
                os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error
    if len(content) > LARGEST:
        raise StorageError(f"{path} is too large for a key")
    value = content.decode("utf-8", "replace").strip()
    if not value:
        raise StorageError(f"{path} is empty")
    return FileKey(Secret(value), was_open)


def write_key_file(folder: Path, provider: str, secret: Secret) -> Path:
    """Keep a key in its file (0600, in a folder that is 0700). Raises StorageError."""
    create_private_folder(folder)
    path = key_path(folder, provider)
    write_atomic(path, f"{secret.reveal()}\n".encode(), mode=0o600)
    return path


def remove_key_file(folder: Path, provider: str) -> bool:
    """Remove a key. False when there was none. Raises StorageError."""
    path = key_path(folder, provider)
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StorageError(f"cannot remove {path}: {error.strerror}") from error
    with suppress(OSError):
        sync_folder(folder)  # what matters is done; a folder that cannot be synced is no failure
    return True
