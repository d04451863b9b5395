"""koi.log: what went wrong inside koi; private, bounded, without keys."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

from koi.core.errors import StorageError
from koi.core.redaction import redact
from koi.files.append import append_private

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
    """A record that cannot be written is dropped: the log is not worth a turn, and the screen is
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
            append_private(self._path, data, LARGEST)
