"""Writing files whole or not at all."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from koi.core.errors import StorageError
from koi.files.atomic import create_private_folder, write_atomic


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_holds_exactly_the_bytes(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a", b"\x00\xffhello\r\n")
    assert (tmp_path / "a").read_bytes() == b"\x00\xffhello\r\n"


def test_a_new_file_respects_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomic(tmp_path / "a", b"")
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "a") == 0o640


def test_an_existing_file_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "run"
    file.write_bytes(b"old")
    file.chmod(0o755)
    write_atomic(file, b"new")
    assert (file.read_bytes(), mode_of(file)) == (b"new", 0o755)


def test_a_mode_that_is_given_wins(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"old")
    file.chmod(0o644)
    write_atomic(file, b"new", mode=0o600)
    assert mode_of(file) == 0o600


def test_a_symlink_stays_and_its_target_changes(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "real"
    target.write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to(target)
    write_atomic(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("name", ["missing/a", "folder"])
def test_what_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="cannot write"):
        write_atomic(tmp_path / name, b"x")
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]


def test_a_disk_that_takes_no_more_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"old")
    script = f"""
import resource, signal
from pathlib import Path
from koi.core.errors import StorageError
from koi.files.atomic import write_atomic
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, {resource.RLIM_INFINITY}))
try:
    write_atomic(Path({str(file)!r}), bytes(5000))
except StorageError:
    raise SystemExit(7)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, timeout=60)
    assert done.returncode == 7
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_private_folders_are_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "one" / "two"
    create_private_folder(folder)
    assert (mode_of(folder), mode_of(folder.parent)) == (0o700, 0o700)


def test_a_folder_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o755)
    create_private_folder(folder)
    assert mode_of(folder) == 0o700


def test_a_file_in_the_place_of_a_private_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot make the private folder"):
        create_private_folder(tmp_path / "file" / "sub")
