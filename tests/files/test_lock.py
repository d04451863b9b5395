"""Locks between processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from koi.core.errors import StorageError
from koi.files.lock import FileLock, lock_owner, try_lock

HOLDER = """
import sys
from pathlib import Path
from koi.files.lock import FileLock
with FileLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(path: Path) -> Iterator[subprocess.Popen[str]]:
    """The lock in the hands of another process."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_lock_can_be_taken_again_after_it_was_freed(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock", timeout_s=0)
    with lock:
        pass
    with lock:
        pass


def test_two_locks_on_one_file_exclude_each_other(tmp_path: Path) -> None:
    with (
        FileLock(tmp_path / "lock"),
        pytest.raises(StorageError, match="in use"),
        FileLock(tmp_path / "lock", timeout_s=0.05),
    ):
        pass


def test_the_error_names_the_process_that_holds_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held_elsewhere(path) as holder:
        with pytest.raises(StorageError) as caught, FileLock(path, timeout_s=0):
            pass
        if Path("/proc/locks").exists():
            assert f"process {holder.pid}" in caught.value.title


def test_a_killed_holder_frees_its_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held_elsewhere(path) as holder:
        holder.kill()
        holder.wait()
        with FileLock(path, timeout_s=5):
            pass


def test_a_free_file_has_no_owner(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        assert lock_owner(descriptor) is None
        assert try_lock(descriptor)
    finally:
        os.close(descriptor)


def test_a_lock_in_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot lock"), FileLock(tmp_path / "no" / "lock"):
        pass
