"""Large outputs go after a week, and nothing else does."""

from __future__ import annotations

import os
import time
from pathlib import Path

from koi.store.spills import remove_old_spills

DAY = 24 * 3600
NOW = time.time()


def spilled(folder: Path, session: str, name: str, days: float) -> Path:
    path = folder / session / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("output\n")
    os.utime(path, (NOW - days * DAY,) * 2)
    return path


def test_files_older_than_a_week_go_with_their_folder(tmp_path: Path) -> None:
    old = spilled(tmp_path, "one", "output-1.txt", 7.1)
    assert remove_old_spills(tmp_path, now=NOW) == 1
    assert not old.parent.exists()


def test_newer_files_stay(tmp_path: Path) -> None:
    old = spilled(tmp_path, "one", "output-1.txt", 30)
    new = spilled(tmp_path, "one", "output-2.txt", 6.9)
    assert remove_old_spills(tmp_path, now=NOW) == 1
    assert not old.exists()
    assert new.exists()


def test_links_are_neither_followed_nor_removed(tmp_path: Path) -> None:
    elsewhere = spilled(tmp_path, "elsewhere", "mine.txt", 30)
    folder = tmp_path / "spill"
    folder.mkdir()
    (folder / "link").symlink_to(elsewhere.parent)
    (folder / "one").mkdir()
    (folder / "one" / "link.txt").symlink_to(elsewhere)
    assert remove_old_spills(folder, now=NOW) == 0
    assert elsewhere.exists()
    assert (folder / "one" / "link.txt").is_symlink()


def test_no_folder_is_no_problem(tmp_path: Path) -> None:
    assert remove_old_spills(tmp_path / "none", now=NOW) == 0
