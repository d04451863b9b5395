"""What processes hold and spend together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from koi.core.budgets import Amounts
from koi.core.errors import StorageError
from koi.store.day_account import DayAccount

ONE = Amounts(1.0, 100)
ROOT = Path(__file__).parents[2]
OWNER = """
import os, signal, sys, time
from pathlib import Path
from koi.core.budgets import Amounts
from koi.core.usage import Usage
from koi.store import day_account
from koi.store.ledger import LedgerEntry
from tests.store.samples import MODEL

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

account = day_account.DayAccount(Path(sys.argv[1]))
account.hold("r1", lambda spent, held: Amounts(1.0, 100))
moment = sys.argv[2]
if moment == "alive":
    print("holding", flush=True)
    sys.stdin.read()
elif moment == "before":
    day_account.append_ledger = die
elif moment == "between":
    account.release = die
elif moment == "after":
    real, day_account.FileLock.__exit__ = day_account.FileLock.__exit__, die
account.settle("r1", LedgerEntry(time.time(), "s", MODEL, "executor", Usage(10), 0.5))
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ledger.jsonl"


def owner(ledger: Path, moment: str) -> subprocess.Popen[str]:
    path = os.pathsep.join((str(ROOT / "app"), str(ROOT)))
    return subprocess.Popen(
        [sys.executable, "-c", OWNER, str(ledger), moment],
        env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def seen(account: DayAccount) -> tuple[Amounts, Amounts]:
    """What is spent and held, seen by somebody who is about to reserve."""
    found: list[tuple[Amounts, Amounts]] = []
    account.hold("look", lambda spent, held: found.append((spent, held)))
    return found[0]


def test_what_one_holds_another_sees_until_it_is_freed(ledger: Path) -> None:
    mine, yours = DayAccount(ledger), DayAccount(ledger)
    mine.hold("a", lambda spent, held: ONE)
    mine.hold("b", lambda spent, held: ONE)
    assert seen(yours) == yours.look() == mine.look() == (Amounts(), ONE + ONE)
    mine.release("a")
    assert seen(yours) == (Amounts(), ONE)
    mine.release("b")
    mine.release("b")
    assert seen(yours) == (Amounts(), Amounts())
    mine.hold("c", lambda spent, held: ONE)
    assert seen(yours) == (Amounts(), ONE)
    mine.close()
    assert seen(yours) == (Amounts(), Amounts())
    assert list((ledger.parent / "reservations").iterdir()) == []


def test_a_living_process_holds_and_a_killed_one_does_not(ledger: Path) -> None:
    process = owner(ledger, "alive")
    assert process.stdout is not None
    assert process.stdout.readline() == "holding\n"
    account = DayAccount(ledger)
    assert seen(account) == (Amounts(), ONE)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert account.look() == (Amounts(), Amounts())
    assert seen(account) == (Amounts(), Amounts())
    assert list((ledger.parent / "reservations").iterdir()) == []


@pytest.mark.parametrize(
    ("moment", "spent"),
    [
        ("before", Amounts()),
        ("between", Amounts(0.5, 10)),
        ("after", Amounts(0.5, 10)),
    ],
)
def test_a_request_is_counted_at_most_once_whenever_its_process_is_killed(
    ledger: Path, moment: str, spent: Amounts
) -> None:
    process = owner(ledger, moment)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert seen(DayAccount(ledger)) == (spent, Amounts())


def test_a_refusal_holds_nothing(ledger: Path) -> None:
    account = DayAccount(ledger)
    with pytest.raises(ZeroDivisionError):
        account.hold("a", lambda spent, held: Amounts(1 / 0))
    assert seen(account) == (Amounts(), Amounts())


def test_a_line_that_was_torn_leaves_what_is_held_as_it_is(ledger: Path) -> None:
    mine = DayAccount(ledger)
    mine.hold("a", lambda spent, held: ONE)
    (file,) = (ledger.parent / "reservations").iterdir()
    with file.open("ab") as torn:
        torn.write(b'{"request_id":"a"')
    assert seen(DayAccount(ledger)) == (Amounts(), ONE)


def test_a_folder_that_cannot_be_written_is_an_error(ledger: Path) -> None:
    ledger.parent.mkdir()
    (ledger.parent / "reservations").write_text("a file")
    with pytest.raises(StorageError):
        DayAccount(ledger).hold("a", lambda spent, held: ONE)
