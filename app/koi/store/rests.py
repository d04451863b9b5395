"""Until when servers asked not to be asked again, shared by all koi processes of this user."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from koi.core.errors import StorageError
from koi.files.atomic import create_private_folder, write_atomic
from koi.files.lock import FileLock

MOST_ENTRIES = 500
"""More are not kept: the latest deadlines stay."""
MAX_SIZE = 1024 * 1024
"""Bytes of a file that is read."""
_LOCK_TIMEOUT_S = 2.0
_VERSION = 1
log = logging.getLogger(__name__)


class SharedRest(msgspec.Struct, frozen=True):
    """One deadline. It holds ids and times only, never a key or what a server said."""

    model: str
    """A model reference."""
    key: str
    """The id of a key; "" for the model with every key."""
    kind: str
    """The kind of the failure."""
    noted: float
    """Unix time at which the server named its time."""
    until: float
    """Unix time before which nothing is sent."""

    def seconds_left(self, now: float) -> float:
        """Seconds from `now`; a clock that was set back makes it no longer than it was at first."""
        return min(self.until - now, self.until - self.noted)


class _Content(msgspec.Struct, frozen=True):
    version: int
    rests: tuple[SharedRest, ...] = ()


class _Version(msgspec.Struct, frozen=True):
    version: int


class RestFile:
    """The file. What cannot be read or written is no loss: nothing is raised, it is logged."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self._now = now
        self._seen: tuple[int, int, int] | None = None

    def news(self) -> tuple[SharedRest, ...] | None:
        """The rests that still run; None when the file is the one that was read last."""
        try:
            status = self._path.stat()
        except OSError:
            seen, self._seen = self._seen, None
            return None if seen is None else ()
        place = (status.st_ino, status.st_mtime_ns, status.st_size)
        if place == self._seen:
            return None
        self._seen = place
        content = self._read() or _Content(_VERSION)
        if any(rest.noted > self._now() for rest in content.rests):
            self._change(lambda kept: kept)  # the clock was set back: they end by the new one
        return self._running(content)

    def add(self, *rests: SharedRest) -> None:
        """Write more of them. Blocks until other processes are done with the file."""
        self._change(lambda kept: (*kept, *rests))

    def clear(self) -> None:
        """Forget all of them. Blocks like `add`."""
        if self._path.exists():
            self._change(lambda kept: ())

    def _change(self, change: Callable[[tuple[SharedRest, ...]], tuple[SharedRest, ...]]) -> None:
        try:
            create_private_folder(self._path.parent)
            with FileLock(self._path.with_suffix(".lock"), timeout_s=_LOCK_TIMEOUT_S):
                content = self._read()
                if content is None:
                    log.warning("%s is of a later koi and stays as it is", self._path)
                    return
                kept = change(self._running(content))
                latest: dict[tuple[str, str], SharedRest] = {}
                for rest in sorted(kept, key=lambda rest: rest.until):
                    latest[rest.model, rest.key] = rest
                rests = sorted(latest.values(), key=lambda rest: rest.until)[-MOST_ENTRIES:]
                data = msgspec.json.encode(_Content(_VERSION, tuple(rests)))
                write_atomic(self._path, data, mode=0o600)
        except StorageError as error:
            log.warning("rests of models are not shared: %s", error.title)

    def _running(self, content: _Content) -> tuple[SharedRest, ...]:
        now = self._now()
        return tuple(
            msgspec.structs.replace(rest, noted=now, until=now + rest.seconds_left(now))
            if rest.noted > now
            else rest
            for rest in content.rests
            if rest.seconds_left(now) > 0
        )

    def _read(self) -> _Content | None:
        """The file's content, nothing of a damaged file; None for one of a later version."""
        try:
            with self._path.open("rb") as source:
                data = source.read(MAX_SIZE + 1)
            if len(data) > MAX_SIZE:
                raise ValueError("too large")
            if msgspec.json.decode(data, type=_Version).version > _VERSION:
                return None
            return msgspec.json.decode(data, type=_Content)
        except FileNotFoundError:
            return _Content(_VERSION)
        except (OSError, ValueError, RecursionError, msgspec.MsgspecError) as error:
            log.warning("%s cannot be read: %s", self._path, type(error).__name__)
            return _Content(_VERSION)
