"""What `kill -9` may do: nothing that was acknowledged is lost, and every session opens again.

KOI_TEST_KILLS sets the number of kills (30 unless told otherwise).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from koi.store.journal import Journal
from koi.store.ledger import read_ledger
from koi.store.scan import read_journal
from koi.store.sessions import list_sessions

KILLS = int(os.environ.get("KOI_TEST_KILLS", "30"))
KILLS_PER_SESSION = 10
WRITER = Path(__file__).with_name("crash_writer.py")
ROOT = Path(__file__).parents[2]


def run_until_killed(folder: Path, wait_s: float) -> list[str]:
    """Ids that the writer acknowledged before it was killed."""
    with subprocess.Popen(
        [sys.executable, str(WRITER), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT / "app"), str(ROOT)))},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        assert first, process.stderr.read()
        time.sleep(wait_s)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
    *lines, _ = (first + rest).split("\n")
    return lines


def test_no_acknowledged_record_is_lost_by_kill_9(tmp_path: Path) -> None:
    chance = random.Random(20261120)
    acknowledged: list[str] = []
    folder = tmp_path
    for number in range(KILLS):
        if number % KILLS_PER_SESSION == 0:
            folder = tmp_path / f"sessions{number}"
            folder.mkdir()
            acknowledged = []
        acknowledged += run_until_killed(folder, chance.uniform(0, 0.03))
        (session,) = folder.glob("*.jsonl")
        contents = read_journal(session)
        present = {entry.id for entry in contents.entries}
        assert [lost for lost in acknowledged if lost not in present] == []
        journal = Journal.open(session)
        assert not journal.read_only
        assert {entry.id for entry in journal.contents.entries} == present
        journal.close()
        assert list_sessions(folder)[0].turns == journal.state.turns
        turns_ended = sum(e.record.__class__.__name__ == "TurnEndRecord" for e in contents.entries)
        ledger = read_ledger(folder / "ledger")
        assert 0 <= turns_ended - len(ledger.entries) <= number % KILLS_PER_SESSION + 1
