"""The ledger of costs."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from koi.core.errors import StorageError
from koi.core.usage import Usage
from koi.store.ledger import LedgerEntry, append_ledger, read_ledger
from tests.store.samples import MODEL, OTHER

NOON = 1_795_176_000.0  # 2026-11-20 12:00 UTC


def entry(ts: float = NOON, cost: float | None = 0.5, role: str = "executor") -> LedgerEntry:
    return LedgerEntry(ts, "s1", MODEL, role, Usage(10, output_tokens=5), cost)


def test_requests_come_back_in_order_from_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "data" / "ledger.jsonl"
    entries = (entry(), LedgerEntry(NOON, "s2", OTHER, "small", Usage(estimated=True), None))
    for one in entries:
        append_ledger(path, one)
    assert read_ledger(path).entries == entries
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_there_is_nothing_in_a_ledger_that_is_not_there(tmp_path: Path) -> None:
    assert read_ledger(tmp_path / "none").entries == ()


def test_a_tail_torn_at_any_byte_costs_only_its_own_request(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    append_ledger(path, entry(1.0))
    start = path.stat().st_size
    append_ledger(path, entry(2.0))
    whole = path.read_bytes()
    for end in range(start + 1, len(whole) - 1):
        path.write_bytes(whole[:end])
        append_ledger(path, entry(3.0))
        contents = read_ledger(path)
        assert [one.ts for one in contents.entries] == [1.0, 3.0]
        assert contents.damaged_lines == 1


def test_a_damaged_line_is_skipped_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    append_ledger(path, entry())
    path.write_bytes(b'\x00\xff\n[1]\n{"ts":"x"}\n' + path.read_bytes())
    contents = read_ledger(path)
    assert (len(contents.entries), contents.damaged_lines) == (1, 3)


MANY = """
import sys
from pathlib import Path
from koi.store.ledger import append_ledger
from tests.store.test_ledger import entry
for number in range(200):
    append_ledger(Path(sys.argv[1]), entry(float(number), 0.01, sys.argv[2] * 50))
"""


def test_several_processes_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(root / "app"), str(root)))}
    processes = [
        subprocess.Popen([sys.executable, "-c", MANY, str(path), role], env=environment)
        for role in "abc"
    ]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    contents = read_ledger(path)
    assert contents.damaged_lines == 0
    for role in "abc":
        times = [one.ts for one in contents.entries if one.role == role * 50]
        assert times == [float(number) for number in range(200)]


def test_a_ledger_that_cannot_be_written_or_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot write the ledger"):
        append_ledger(tmp_path, entry())
    with pytest.raises(StorageError, match="cannot read the ledger"):
        read_ledger(tmp_path)
