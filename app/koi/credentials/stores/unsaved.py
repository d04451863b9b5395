"""Tokens that the disk did not take: kept until it does or koi ends, and never silently."""

from __future__ import annotations

import threading
from pathlib import Path

from koi.credentials.stores.token_record import TokenRecord


class Unsaved:
    """The logins of this process that are newer than what their files hold."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[Path, str], tuple[TokenRecord | None, TokenRecord]] = {}
        self.version = 0
        """Another number whenever something was added."""

    def hold(
        self, path: Path, provider: str, instead_of: TokenRecord | None, record: TokenRecord
    ) -> None:
        """Keep a login in memory; it counts as long as the file holds what it replaces."""
        with self._lock:
            self._held[path, provider] = (instead_of, record)
            self.version += 1

    def held(self, path: Path, provider: str) -> TokenRecord | None:
        """The login that is kept here, None when its file has the newest one."""
        with self._lock:
            found = self._held.get((path, provider))
        return None if found is None else found[1]

    def stands_for(
        self, path: Path, provider: str, record: TokenRecord | None
    ) -> TokenRecord | None:
        """What the file holds in the place of a login: itself, unless it is kept here."""
        with self._lock:
            if record is None or (path, provider) not in self._held:
                return record
            instead_of, held = self._held[path, provider]
            return instead_of if held == record else record

    def drop(self, path: Path, provider: str) -> bool:
        """Forget what is kept in memory; False when nothing is."""
        with self._lock:
            return self._held.pop((path, provider), None) is not None

    def merged(
        self, path: Path, records: dict[str, TokenRecord]
    ) -> tuple[dict[str, TokenRecord], tuple[str, ...]]:
        """The logins of a file with those that it did not take, and a note on each of these."""
        notes: list[str] = []
        with self._lock:
            for (place, provider), (instead_of, record) in list(self._held.items()):
                if place != path:
                    continue
                if records.get(provider) != instead_of:
                    del self._held[place, provider]  # somebody connected again meanwhile
                    continue
                records = records | {provider: record}
                notes.append(
                    f"the login of {provider} could not be saved in {path}: it ends with this koi"
                )
        return records, tuple(notes)


unsaved = Unsaved()
