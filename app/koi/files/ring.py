"""Keeps the head and the tail of output of any length in bounded memory, and the rest on disk.

Bytes go in as they come; nothing is decoded here.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

import msgspec

KEPT_BYTES = 200_000
SPILL_COMMAND_BYTES = 64 * 1024 * 1024
SPILL_SESSION_BYTES = 1024 * 1024 * 1024


class Excerpt(msgspec.Struct, frozen=True):
    """The two ends of some output. The counts are exact: head + omitted + tail is everything.

    A line is counted where its line feed is.
    """

    head: bytes
    omitted_bytes: int
    omitted_lines: int
    tail: bytes


class OutputRing:
    """Takes output of any length; not safe for use by two threads at once.

    Output beyond `spill_above` bytes is also written, from its first byte, to a private file in
    `spill_folder`, up to 64 MiB and up to 1 GiB for all files of that folder.
    """

    def __init__(
        self,
        *,
        kept_bytes: int = KEPT_BYTES,
        spill_folder: Path | None = None,
        spill_above: int = 30_000,
        spill_limit: int = SPILL_COMMAND_BYTES,
        folder_limit: int = SPILL_SESSION_BYTES,
    ) -> None:
        self._head_limit = kept_bytes // 2
        self._tail_limit = kept_bytes - self._head_limit
        self._head = bytearray()
        self._tail = bytearray()
        self._spill_folder = spill_folder
        self._spill_above = min(spill_above, self._head_limit)
        self._spill_limit = spill_limit
        self._folder_limit = folder_limit
        self._spill: int | None = None
        self._spill_room = 0
        self.total_bytes = 0
        self.total_lines = 0
        self.ends_with_line = False
        """True when the last byte so far is a line feed."""
        self.spilled_bytes = 0
        self.spill_path: Path | None = None
        self.spill_problem = ""
        """Why the spill file is missing or not complete; empty when nothing went wrong."""

    def write(self, data: bytes) -> None:
        """Take more output. A full disk is noted in `spill_problem` and never raised."""
        if not data:
            return
        before = self.total_bytes
        self.total_bytes += len(data)
        self.total_lines += data.count(b"\n")
        self.ends_with_line = data.endswith(b"\n")
        if self._spill_folder is not None and self.total_bytes > self._spill_above:
            if before <= self._spill_above:
                self._open_spill(self._spill_folder)
                self._write_spill(bytes(self._head))
            self._write_spill(data)
        room = self._head_limit - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if len(data) >= self._tail_limit:
            self._tail[:] = data[len(data) - self._tail_limit :]
            return
        self._tail += data
        if len(self._tail) > 2 * self._tail_limit:
            del self._tail[: len(self._tail) - self._tail_limit]

    def close(self) -> None:
        """Close the spill file; what was kept stays readable."""
        if self._spill is not None:
            os.close(self._spill)
            self._spill = None

    def excerpt(self, limit: int = KEPT_BYTES) -> Excerpt:
        """At most `limit` bytes of what came: everything, or both ends, cut at borders.

        A cut falls between two lines when one ends near it, else between two characters.
        """
        limit = min(limit, self._head_limit + self._tail_limit)
        if self.total_bytes <= limit:
            return Excerpt(bytes(self._head + self._tail), 0, 0, b"")
        half = limit // 2
        rest = limit - half
        tail_source = self._tail
        if self.total_bytes <= self._head_limit + len(self._tail):
            tail_source = self._head + self._tail
        head = _cut_end(bytes(self._head[:half]))
        tail = _cut_start(bytes(tail_source[len(tail_source) - rest :]))
        return Excerpt(
            head,
            self.total_bytes - len(head) - len(tail),
            self.total_lines - head.count(b"\n") - tail.count(b"\n"),
            tail,
        )

    def _open_spill(self, folder: Path) -> None:
        path = folder / f"output-{secrets.token_hex(6)}.txt"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.scandir(folder) as entries:
                used = sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
            self._spill_room = min(self._spill_limit, self._folder_limit - used)
            if self._spill_room <= 0:
                self.spill_problem = "the session's spill files are at their limit"
                return
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            self._spill = os.open(path, flags, 0o600)
            self.spill_path = path
        except OSError as error:
            self.spill_problem = f"it could not be saved: {error.strerror}"

    def _write_spill(self, data: bytes) -> None:
        if self._spill is None:
            return
        rest = memoryview(data)[: self._spill_room]
        try:
            while rest:
                count = os.write(self._spill, rest)
                self.spilled_bytes += count
                self._spill_room -= count
                rest = rest[count:]
        except OSError as error:
            self.spill_problem = f"the rest could not be saved: {error.strerror}"
            self.close()
            return
        if self._spill_room <= 0 and self.spilled_bytes < self.total_bytes:
            self.spill_problem = f"the file holds the first {self.spilled_bytes:,} bytes only"
            self.close()

    def discard_spill(self) -> None:
        """Remove the spill file: nobody is going to be told about it."""
        self.close()
        if self.spill_path is not None:
            with suppress(OSError):
                self.spill_path.unlink()
            self.spill_path = None


def _cut_end(data: bytes) -> bytes:
    line_end = data.rfind(b"\n", len(data) // 2)
    if line_end >= 0:
        return data[: line_end + 1]
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            return data
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return data if back >= length else data[:-back]
    return data


def _cut_start(data: bytes) -> bytes:
    line_end = data.find(b"\n", 0, len(data) // 2)
    if line_end >= 0:
        return data[line_end + 1 :]
    skip = 0
    while skip < min(3, len(data)) and data[skip] & 0xC0 == 0x80:
        skip += 1
    return data[skip:]
