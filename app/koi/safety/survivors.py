"""Finds the processes of a command, also those that left its process group.

Linux shows each process's environment, so a marker in it follows children that called setsid.
Elsewhere the group is all there is to go by.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

MARKER = "KOI_COMMAND"
_PROC = Path("/proc")


def find(group: int, marker: str) -> frozenset[int]:
    """The living processes of a command, zombies left out. Reads all of /proc: some milliseconds.

    A child that both left the group and replaced its environment is found only while its parent
    is still a process of the command.
    """
    if not (_PROC / "self").exists():
        return _group_only(group)
    needle = f"{MARKER}={marker}".encode()
    parents: dict[int, int] = {}
    found: set[int] = set()
    for entry in os.listdir(_PROC):
        if not entry.isdecimal():
            continue
        state = _state(entry)
        if state is None:
            continue
        pid = int(entry)
        parents[pid] = state[0]
        if state[1] == group or needle in _environment(entry):
            found.add(pid)
    found.discard(os.getpid())
    grown = True
    while grown:
        children = {pid for pid, parent in parents.items() if parent in found} - found
        found |= children
        grown = bool(children)
    return frozenset(found)


def send(pids: frozenset[int], number: signal.Signals) -> None:
    """Signal each process that still exists and may be signalled."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            if pid < 0:
                os.killpg(-pid, number)
            else:
                os.kill(pid, number)


def _state(entry: str) -> tuple[int, int] | None:
    """Parent and process group, https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html."""
    try:
        data = (_PROC / entry / "stat").read_bytes()
    except OSError:
        return None
    fields = data[data.rfind(b")") + 2 :].split(None, 3)
    if len(fields) < 3 or fields[0] in (b"Z", b"X"):
        return None
    return int(fields[1]), int(fields[2])


def _environment(entry: str) -> bytes:
    try:
        return (_PROC / entry / "environ").read_bytes()
    except OSError:
        return b""


def _group_only(group: int) -> frozenset[int]:
    """The whole group as one negative number, as kill(2) takes it."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return frozenset()
    return frozenset((-group,))
