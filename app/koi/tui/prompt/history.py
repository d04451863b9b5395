"""Prompts typed before: a file that all running koi share, and a walk through it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import msgspec

from koi.core.errors import StorageError
from koi.files.atomic import create_private_folder, write_atomic
from koi.files.lock import FileLock

MAX_ENTRIES = 1_000
MAX_ENTRY_BYTES = 256 * 1024
"""A larger prompt is remembered by this process only; its session's journal has it anyway."""
_MAX_READ_BYTES = 8 * 1024 * 1024
_LOCK_TIMEOUT_S = 1.0


class Entry(msgspec.Struct, frozen=True):
    """A prompt as it stood in the editor, with the pasted texts behind its chips."""

    text: str
    pastes: dict[str, str] = {}


_decoder = msgspec.json.Decoder(Entry)


class PromptHistory:
    """The last 1,000 prompts, oldest first. Without a path nothing is kept on the disk.

    The file is read when the history is first asked for; a damaged line is skipped.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._added: list[Entry] = []
        self._entries: deque[Entry] | None = None

    def entries(self) -> Sequence[Entry]:
        """All prompts, oldest first. Raises StorageError when the file cannot be read."""
        if self._entries is None:
            self._entries = deque(self._read(), MAX_ENTRIES)
            self._entries.extend(self._added)
        return self._entries

    def remember(self, entry: Entry) -> bool:
        """Add a prompt for this process; False when it is the same as the one before it."""
        known = self._added if self._entries is None else self._entries
        if known and known[-1] == entry:
            return False
        known.append(entry)
        return True

    def save(self, entry: Entry) -> None:
        """Append a prompt to the file; other processes may do so too. Raises StorageError."""
        line = msgspec.json.encode(entry) + b"\n"
        if self._path is None or len(line) > MAX_ENTRY_BYTES:
            return
        create_private_folder(self._path.parent)
        with FileLock(self._path.with_suffix(".lock"), timeout_s=_LOCK_TIMEOUT_S):
            try:
                self._append(self._path, line)
            except OSError as error:
                raise self._failure("write", error) from error

    def _append(self, path: Path, line: bytes) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line  # somebody was killed while writing
            file.write(line)
        if size > _MAX_READ_BYTES:
            kept = deque(path.read_bytes().splitlines(keepends=True), MAX_ENTRIES)
            while sum(map(len, kept)) > _MAX_READ_BYTES // 2:
                kept.popleft()
            write_atomic(path, b"".join(kept), mode=0o600)

    def _read(self) -> list[Entry]:
        if self._path is None:
            return []
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _MAX_READ_BYTES))
                lines = file.read().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._failure("read", error) from error
        return [entry for line in lines[-MAX_ENTRIES:] if (entry := _decode(line))]

    def _failure(self, verb: str, error: OSError) -> StorageError:
        return StorageError(
            f"cannot {verb} the prompt history {self._path}: {error.strerror}",
            hint="Check its permissions. The prompts of this session can still be recalled.",
        )


def _decode(line: bytes) -> Entry | None:
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


class HistoryWalk:
    """Goes from a draft to older prompts that begin as it does, and back to it."""

    def __init__(self, entries: Sequence[Entry], draft: Entry) -> None:
        seen: set[str] = {draft.text}
        self._steps: list[Entry] = [draft]
        for entry in reversed(entries):
            if entry.text.startswith(draft.text) and entry.text not in seen:
                seen.add(entry.text)
                self._steps.append(entry)
        self._at = 0

    @property
    def shown(self) -> Entry:
        """The prompt that this walk has come to."""
        return self._steps[self._at]

    def older(self) -> Entry | None:
        """One step back in time; None when there is nothing older."""
        return self._go(1)

    def newer(self) -> Entry | None:
        """One step towards the draft; None when the draft is what is shown."""
        return self._go(-1)

    def _go(self, step: int) -> Entry | None:
        if not 0 <= self._at + step < len(self._steps):
            return None
        self._at += step
        return self.shown
