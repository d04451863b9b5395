"""Private files that lines are added to, and that stay small."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from koi.files.atomic import create_private_folder


def append_private(path: Path, data: bytes, largest: int) -> None:
    """Add `data` in one write; a file larger than `largest` bytes becomes NAME.1 before that.

    Opens the file each time: no descriptor is left to children. Raises OSError, StorageError.
    """
    create_private_folder(path.parent)
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > largest:
            path.replace(path.with_name(f"{path.name}.1"))
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)
