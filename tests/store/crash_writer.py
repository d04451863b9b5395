"""Run as a program: appends to a journal and says on stdout what it was told is recorded.

Each line of stdout is a kind and an id or text, written only after `append(…, sync=True)` returned.
"""

from __future__ import annotations

import sys
from pathlib import Path

from koi.store.journal import Journal
from koi.store.ledger import LedgerEntry, append_ledger
from koi.store.records import TurnEndRecord
from tests.store.samples import MODEL, SESSION, answer, call, prompt, result, usage


def main(folder: Path) -> None:
    """Write turns until killed."""
    known = sorted(folder.glob("*.jsonl"))
    journal = Journal.open(known[0]) if known else Journal.create(folder, SESSION)
    turn = 0
    while True:
        turn += 1
        for record in (
            prompt(f"turn {turn} " + "x" * (turn * 37 % 5000)),
            answer("I look", call(f"c{turn}")),
            result(f"c{turn}", "y" * (turn * 101 % 20_000)),
            usage(),
            answer("done"),
            TurnEndRecord("finished"),
        ):
            acknowledged = journal.append(record, sync=True)
            sys.stdout.write(f"{acknowledged}\n")
            sys.stdout.flush()
        append_ledger(
            folder / "ledger",
            LedgerEntry(1.0, journal.session_id, MODEL, "executor", usage().usage, 0.25),
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
