"""The record of where koi went and where it was not let: host, owner and rule, nothing else."""

from __future__ import annotations

import contextlib
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from koi.core.errors import StorageError
from koi.files.append import append_private

log = logging.getLogger(__name__)
LARGEST = 256 * 1024
"""Bytes; a larger file becomes network.jsonl.1, and the one before that goes."""
_LOOKED_AT = 64 * 1024


class Decision(msgspec.Struct, frozen=True):
    """One answer to: may `owner` speak to `host`? `rule` is what it rests on."""

    owner: str
    host: str
    """"" when the address names none."""
    allowed: bool
    rule: str


class KeptDecision(msgspec.Struct, frozen=True):
    """A line of the record."""

    time: str
    """UTC, ISO 8601."""
    pid: int
    owner: str
    host: str
    decision: str
    """allow or deny."""
    rule: str


_kept: set[tuple[Path, Decision]] = set()


def keep(decision: Decision, path: Path | None) -> None:
    """Write a decision down: every refusal, and what is allowed once for each process.

    A record that cannot be written is no reason to stop.
    """
    if path is None or (decision.allowed and (path, decision) in _kept):
        return
    line = KeptDecision(
        datetime.now(UTC).isoformat(timespec="seconds"),
        os.getpid(),
        decision.owner[:200],
        decision.host,
        "allow" if decision.allowed else "deny",
        decision.rule,
    )
    try:
        append_private(path, msgspec.json.encode(line) + b"\n", LARGEST)
    except (OSError, StorageError) as error:
        log.warning("a decision about the network was not kept: %s", error)
    _kept.add((path, decision))


def refused_lately(path: Path, most: int = 5) -> tuple[KeptDecision, ...]:
    """The newest refusals of the record, the newest last. Raises OSError but for a missing file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _LOOKED_AT))
            lines = file.read().splitlines()
    except FileNotFoundError:
        return ()
    found: list[KeptDecision] = []
    for line in reversed(lines):
        with contextlib.suppress(msgspec.DecodeError, msgspec.ValidationError):
            kept = msgspec.json.decode(line, type=KeptDecision)
            if kept.decision == "deny":
                found.append(kept)
        if len(found) == most:
            break
    return tuple(reversed(found))
