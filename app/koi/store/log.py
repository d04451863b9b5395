"""koi.log: what went wrong inside koi; private, bounded, without keys."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

from koi.core.errors import StorageError
from koi.core.redaction import redact
from koi.files.atomic import create_private_folder

LARGEST = 1024 * 1024
"""Bytes. A log that is larger becomes koi.log.1, and the one before that goes."""

OTHERS = ("asyncio", "httpx", "httpcore", "keyring")
"""Loggers of others whose warnings would appear in the middle of the screen, keys included."""


def start_log(path: Path, *, debug: bool = False) -> None:
    """Append log records to `path` from now on: warnings and worse, or all of koi's own.

    What others say below a warning is never kept: they tell whole addresses, and codes in them.
    """
    handler = LogFile(path)
    for name in ("koi", *OTHERS):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.DEBUG if debug and name == "koi" else logging.WARNING)


class LogFile(logging.Handler):
    """Opens the file for each record: they are rare, and no descriptor is left to children.

    A record that cannot be written is dropped: the log is not worth a turn, and the screen is
    not the place for it.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self.setFormatter(
            logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Append one record."""
        data = (redact(self.format(record)) + "\n").encode("utf-8", "backslashreplace")
        with contextlib.suppress(OSError, StorageError):
            create_private_folder(self._path.parent)
            with contextlib.suppress(FileNotFoundError):
                if self._path.stat().st_size > LARGEST:
                    self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self._path, flags, 0o600)
            try:
                os.write(descriptor, data)
            finally:
                os.close(descriptor)
