"""What all processes spend in a day: the ledger and the open reservations, under one lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from koi.core.budgets import Amounts
from koi.files.atomic import create_private_folder
from koi.files.lock import FileLock
from koi.store.day_ledger import DayLedger
from koi.store.ledger import LedgerEntry, append_ledger
from koi.store.reservations import Reservations

_LOCK_TIMEOUT_S = 15.0


class DayAccount:
    """One owner's part in it. `hold` and `settle` wait for the lock: call them in a thread."""

    def __init__(self, ledger: Path, now: Callable[[], float] = time.time) -> None:
        self._path = ledger
        self._ledger = DayLedger(ledger, now)
        self._reservations = Reservations(ledger.with_name("reservations"))
        self._guard = threading.Lock()
        """Held for moments, and never while the lock between processes is waited for."""

    def hold(self, request_id: str, decide: Callable[[Amounts, Amounts], Amounts | None]) -> None:
        """Hold for a request what `decide` says, given what is spent today and what is held.

        None holds nothing; what it raises is passed on. Raises StorageError.
        """
        with self._lock(), self._guard:
            others = self._reservations.others(clean=True)
            amounts = decide(self._ledger.read().spent, others + self._reservations.own)
            if amounts is not None:
                self._reservations.hold(request_id, amounts)

    def settle(self, request_id: str, entry: LedgerEntry) -> None:
        """Write a request to the ledger, then free what it held. Raises StorageError.

        In this order: a process that is killed in between has freed what it held by that. When
        the ledger cannot be written, what was held stays so, because it is spent.
        """
        with self._lock():
            append_ledger(self._path, entry)
            self.release(request_id)

    def release(self, request_id: str) -> None:
        """Free what a request held. Does not wait for other processes."""
        with self._guard:
            self._reservations.release(request_id)

    def look(self) -> tuple[Amounts, Amounts]:
        """What is spent today and what is held at this moment. Raises StorageError."""
        with self._guard:
            held = self._reservations.others() + self._reservations.own
            return self._ledger.read().spent, held

    def close(self) -> None:
        """Free everything that this owner holds."""
        with self._guard:
            self._reservations.close()

    def _lock(self) -> FileLock:
        if not self._path.parent.is_dir():
            create_private_folder(self._path.parent)
        return FileLock(self._path.with_name("budget.lock"), timeout_s=_LOCK_TIMEOUT_S)
