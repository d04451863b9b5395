"""Large outputs of tools do not stay for ever: what is older than a week goes."""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

KEPT_S = 7 * 24 * 3600
log = logging.getLogger(__name__)


def remove_old_spills_aside(folder: Path) -> threading.Thread:
    """As `remove_old_spills`, in a thread of its own that nobody needs to wait for."""
    thread = threading.Thread(
        target=remove_old_spills, args=(folder,), name="koi-old-spills", daemon=True
    )
    thread.start()
    return thread


def remove_old_spills(folder: Path, *, now: float | None = None) -> int:
    """Remove files that were last written more than 7 days before `now` (seconds since the epoch).

    `folder` holds a folder for each session; those that become empty go too. Returns how many
    files went. Links are never followed, and what cannot be removed is left and logged.
    """
    limit = (time.time() if now is None else now) - KEPT_S
    removed = 0
    for session in _entries(folder):
        if not session.is_dir(follow_symlinks=False):
            continue
        old = [entry for entry in _entries(Path(session.path)) if _is_old(entry, limit)]
        for entry in old:
            try:
                os.unlink(entry.path)
                removed += 1
            except OSError as error:
                log.warning("an old output stays: %s", error)
        if old:
            with suppress(OSError):  # not empty: newer files are in it
                os.rmdir(session.path)
    return removed


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []
    except OSError as error:
        log.warning("old outputs are not looked for: %s", error)
        return []


def _is_old(entry: os.DirEntry[str], limit: float) -> bool:
    try:
        return entry.is_file(follow_symlinks=False) and (
            entry.stat(follow_symlinks=False).st_mtime < limit
        )
    except OSError:  # gone meanwhile
        return False
