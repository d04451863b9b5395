"""Which keys koi put into the OS keyring: names only, so that a start without any never asks it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from koi.files.atomic import create_private_folder, write_atomic
from koi.files.lock import FileLock

FILE = "keyring.json"
LARGEST = 1024 * 1024


class _Content(msgspec.Struct):
    names: list[str] = []


def names_in_keyring(folder: Path) -> tuple[str, ...]:
    """The providers whose keys are there, in order; none when the list cannot be read."""
    path = folder / FILE
    try:
        if path.stat().st_size > LARGEST or not path.is_file():
            return ()
        content = msgspec.json.decode(path.read_bytes(), type=_Content)
    except (OSError, msgspec.DecodeError, ValueError):
        return ()
    return tuple(sorted(set(content.names)))


def add_name(folder: Path, provider: str) -> None:
    """Note that a key is there. Raises StorageError."""
    _change(folder, provider, there=True)


def remove_name(folder: Path, provider: str) -> None:
    """Note that it is not there any more. Raises StorageError."""
    if provider in names_in_keyring(folder):
        _change(folder, provider, there=False)


def _change(folder: Path, provider: str, *, there: bool) -> None:
    create_private_folder(folder)
    with FileLock(folder / "keyring.lock"):
        names = set(names_in_keyring(folder))
        wanted = names | {provider} if there else names - {provider}
        if wanted != names:
            content = msgspec.json.encode(_Content(sorted(wanted)))
            write_atomic(folder / FILE, content, mode=0o600)
