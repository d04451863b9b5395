"""Keys and logins that others can read are closed to them, and that is told once."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from koi.config.paths import Paths
from koi.credentials.stores.key_files import ENDING
from koi.files.home import short_path

log = logging.getLogger(__name__)
_OPEN = stat.S_IRWXG | stat.S_IRWXO


def close_to_others(paths: Paths) -> tuple[str, ...]:
    """Take group and other bits from the files of keys and logins and from the keys' folder.

    Says what was open. What cannot be closed stays as it is, which the doctor tells.
    """
    notes = tuple(note for path in _private(paths) if (note := _closed(path)))
    for note in notes:
        log.warning("%s", note)
    return notes


def _private(paths: Paths) -> Iterator[Path]:
    yield paths.auth_file
    yield paths.keys
    try:
        names = sorted(os.listdir(paths.keys))
    except OSError:
        return  # mostly there is none
    for name in names:
        if name.endswith(ENDING):
            yield paths.keys / name


def _closed(path: Path) -> str:
    """What is told of it, "" for nothing. Links are left to whoever made them."""
    try:
        status = path.lstat()
        mode = stat.S_IMODE(status.st_mode)
        ours = status.st_uid == os.geteuid() and not stat.S_ISLNK(status.st_mode)
        if not ours or not mode & _OPEN:
            return ""
        path.chmod(mode & ~_OPEN)
    except FileNotFoundError:
        return ""
    except OSError as error:
        log.warning("%s cannot be closed to others: %s", path, error.strerror)
        return ""
    return f"{short_path(path)} was open to others on this machine: it is private now"
