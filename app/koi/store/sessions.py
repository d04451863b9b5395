"""The sessions in a folder: list them quickly, find one by a few characters, delete one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from koi.core.errors import StorageError, UsageError
from koi.core.references import ModelReference
from koi.core.usage import Cost
from koi.files.atomic import sync_folder
from koi.files.lock import describe_owner, take_lock
from koi.store.lines import Entry
from koi.store.records import JournalState, PromptRecord, SessionRecord, TurnEndRecord, advance
from koi.store.scan import Contents, scan

_WINDOW = 64 * 1024


class SessionSummary(msgspec.Struct, frozen=True):
    """A session in a list. Times are seconds since the epoch; `size` is in bytes."""

    id: str
    path: Path
    title: str
    cwd: str
    model: ModelReference | None
    mode: str
    started: float
    updated: float
    turns: int
    cost: Cost
    size: int
    damaged_lines: int
    """Of those that were looked at: the beginning and the end of a long file."""


def list_sessions(folder: Path) -> tuple[SessionSummary, ...]:
    """All sessions; the one used last comes first.

    Reads a piece of each end of a file only. A file that cannot be read is left out.
    """
    found = [summary for path in _files(folder) if (summary := summarise(path))]
    return tuple(sorted(found, key=lambda summary: summary.updated, reverse=True))


def latest_session(folder: Path, cwd: str | None = None) -> Path | None:
    """The session used last, of those that began in `cwd` if it is given; None without any."""
    dated: list[tuple[int, Path]] = []
    for path in _files(folder):
        try:
            dated.append((path.stat().st_mtime_ns, path))
        except OSError:
            continue  # deleted just now
    for _, path in sorted(dated, reverse=True):
        if summarise(path, cwd) is not None:
            return path
    return None


def find_session(folder: Path, wanted: str) -> Path:
    """The session with this id, or the only one whose id, or last part of it, begins so.

    Raises UsageError when there is none, or more than one.
    """
    paths = list(_files(folder))
    exact = [path for path in paths if path.stem == wanted]
    close = [
        path
        for path in paths
        if path.stem.startswith(wanted) or path.stem.rpartition("-")[2].startswith(wanted)
    ]
    match exact or (close if wanted else []):
        case [path]:
            return path
        case []:
            raise UsageError(f"there is no session '{wanted}'", hint="See: koi sessions list")
        case several:
            names = ", ".join(sorted((path.stem for path in several), reverse=True)[:5])
            raise UsageError(
                f"'{wanted}' may be any of {len(several)} sessions",
                hint=f"Type more of one of: {names}{', …' if len(several) > 5 else ''}",
            )


def delete_session(path: Path, *, spill: Path | None = None) -> None:
    """Remove a session, what was torn off it, and its folder of large outputs.

    Raises StorageError, also when a running koi writes to it. The ledger keeps its amounts.
    """
    try:
        with path.open("r+b") as file:
            if not take_lock(file.fileno()):
                raise StorageError(
                    f"the session {path.stem} is in use by {describe_owner(file.fileno())}",
                    hint="Close it there first.",
                )
            for torn in path.parent.glob(f"{path.stem}.torn-*"):
                torn.unlink()
            if spill is not None and spill.is_dir() and not spill.is_symlink():
                shutil.rmtree(spill)
            path.unlink()
            sync_folder(path.parent)
    except OSError as error:
        raise StorageError(
            f"cannot delete the session {path}: {error.strerror}",
            hint="Check the permissions of its folder.",
        ) from error


def summarise(path: Path, cwd: str | None = None) -> SessionSummary | None:
    """What a list shows of one session.

    None when it is empty, cannot be read, or did not begin in `cwd`, if that is given.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            head = _read_head(file, size)
            if not head.entries or (cwd is not None and _cwd(head) != cwd):
                return None
            tail = _read_tail(file, size, head)
    except OSError:
        return None
    state, damaged = _state(head, tail)
    return SessionSummary(
        path.stem,
        path,
        state.title,
        state.cwd,
        state.model,
        state.mode,
        head.entries[0].ts,
        (tail.entries or head.entries)[-1].ts,
        state.turns,
        state.cost,
        size,
        damaged,
    )


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.glob("*.jsonl") if path.is_file())


def _cwd(head: Contents) -> str | None:
    records = (entry.record for entry in head.entries)
    return next((record.cwd for record in records if isinstance(record, SessionRecord)), None)


def _read_head(file: BinaryIO, size: int) -> Contents:
    """Whole lines from the beginning, up to and with the first prompt."""
    data = b""
    while len(data) < size:
        more = file.read(max(_WINDOW, len(data)))
        data += more
        head = scan(data if len(data) >= size else data[: data.rfind(b"\n") + 1])
        if not more or any(isinstance(entry.record, PromptRecord) for entry in head.entries):
            return head
    return scan(data)


def _read_tail(file: BinaryIO, size: int, head: Contents) -> Contents:
    """Whole lines from the end, back to the end of a turn if there is one after `head`."""
    if head.size + head.torn >= size:
        return Contents()
    length = _WINDOW
    while True:
        start = max(head.size, size - length)
        file.seek(start)
        data = file.read()
        if start > head.size:
            data = data[data.find(b"\n") + 1 :]
        tail = scan(data)
        if start == head.size or _last_turn_end(tail.entries) is not None:
            return tail
        length *= 2


def _last_turn_end(entries: tuple[Entry, ...]) -> int | None:
    for index in range(len(entries) - 1, -1, -1):
        record = entries[index].record
        if isinstance(record, TurnEndRecord) and record.state is not None:
            return index
    return None


def _state(head: Contents, tail: Contents) -> tuple[JournalState, int]:
    """What all entries add up to, and how many damaged lines were seen."""
    entries = head.entries + tail.entries
    state, first = JournalState(), 0
    last = _last_turn_end(entries)
    if last is not None:
        record = entries[last].record
        assert isinstance(record, TurnEndRecord)
        state, first = record.state or state, last + 1
    for entry in entries[first:]:
        state = advance(state, entry.record)
    return state, len(head.damage) + len(tail.damage)
