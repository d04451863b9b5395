"""Locks between processes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from koi.core.errors import StorageError
from koi.files.lock import FileLock, acquire, lock_owner, take_lock, try_lock

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


ORPHANER = """
import os, sys, time
from koi.files.lock import try_lock
assert try_lock(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT))
if os.fork() == 0:  # as between the fork and the program of a command
    sys.stdin.read()
"""


def test_a_lock_that_a_dead_process_left_to_its_child_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", ORPHANER, str(path)], stdin=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.wait() == 0
        descriptor = os.open(path, os.O_RDWR)
        try:
            assert not try_lock(descriptor)
            child_ends = threading.Timer(0.05, process.stdin.close)
            child_ends.start()
            assert take_lock(descriptor)
            child_ends.join()
        finally:
            os.close(descriptor)


def test_a_lock_of_a_living_process_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    monkeypatch.setattr("koi.files.lock.time.sleep", lambda seconds: pytest.fail("it waits"))
    with held_elsewhere(path):
        descriptor = os.open(path, os.O_RDWR)
        try:
            assert not take_lock(descriptor)
        finally:
            os.close(descriptor)


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


async def test_others_go_on_while_a_lock_is_waited_for(tmp_path: Path) -> None:
    first = await acquire(tmp_path / "lock", timeout_s=0)
    second = asyncio.create_task(acquire(tmp_path / "lock", timeout_s=10))
    await asyncio.sleep(0)
    assert not second.done()
    first.release()
    first.release()
    (await second).release()
    assert (tmp_path / "lock").exists()


async def test_a_lock_that_is_not_free_in_time_is_an_error(tmp_path: Path) -> None:
    held = await acquire(tmp_path / "lock", timeout_s=0)
    with pytest.raises(StorageError, match="in use"):
        await acquire(tmp_path / "lock", timeout_s=0.03)
    held.release()


async def test_who_stops_waiting_for_a_lock_does_not_keep_it(tmp_path: Path) -> None:
    held = await acquire(tmp_path / "lock", timeout_s=0)
    waiting = asyncio.create_task(acquire(tmp_path / "lock", timeout_s=10))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    held.release()
    (await acquire(tmp_path / "lock", timeout_s=0)).release()
