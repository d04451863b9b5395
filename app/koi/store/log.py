"""koi.log: what went wrong inside koi; private, bounded, without keys."""

from __future__ import annotations

import contextlib
import logging
import os
import re
from pathlib import Path

from koi.core.errors import StorageError
from koi.files.atomic import create_private_folder

LARGEST = 1024 * 1024
"""Bytes. A log that is larger becomes koi.log.1, and the one before that goes."""

_SECRET = re.compile(
    r"""((?:bearer|basic|x-api-key|api[-_]?key|token|password|secret)["']?\s*[:=\s]\s*["']?)[^\s"',;]+
    | \b(?:sk|pk|gsk|xai|gh[opsu]|hf|nvapi|pplx)[-_][\w-]{8,}
    | \bAKIA\w{12,} | \bAIza[\w-]{12,}
    | \beyJ[\w-]{8,}\.[\w-]+\.[\w-]*""",
    re.IGNORECASE | re.VERBOSE,
)


def start_log(path: Path, *, debug: bool = False) -> None:
    """Append koi's own log records to `path` from now on: warnings and worse, or all of them."""
    logger = logging.getLogger("koi")
    logger.handlers = [LogFile(path)]
    logger.propagate = False
    logger.setLevel(logging.DEBUG if debug else logging.WARNING)


def redact(text: str) -> str:
    """`text` without what looks like a key or a token."""
    return _SECRET.sub(lambda match: f"{match[1] or ''}[redacted]", text)


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
