"""Tokens that the disk did not take: kept until koi ends, and never silently."""

from __future__ import annotations

import threading
from pathlib import Path

from koi.credentials.stores.token_record import TokenRecord

_lock = threading.Lock()
_held: dict[tuple[Path, str], tuple[TokenRecord | None, TokenRecord]] = {}
"""What the file held instead when it could not be written, and what should stand there."""


def hold(path: Path, provider: str, instead_of: TokenRecord | None, record: TokenRecord) -> None:
    """Keep a login in memory; it counts as long as the file holds what it replaces."""
    with _lock:
        _held[path, provider] = (instead_of, record)


def drop(path: Path, provider: str) -> bool:
    """Forget what is kept in memory; False when nothing is."""
    with _lock:
        return _held.pop((path, provider), None) is not None


def merged(
    path: Path, records: dict[str, TokenRecord]
) -> tuple[dict[str, TokenRecord], tuple[str, ...]]:
    """The logins of a file with those that it did not take, and a note on each of these."""
    notes: list[str] = []
    with _lock:
        for (place, provider), (instead_of, record) in list(_held.items()):
            if place != path:
                continue
            if records.get(provider) != instead_of:
                del _held[place, provider]  # somebody connected again meanwhile
                continue
            records = records | {provider: record}
            notes.append(
                f"the login of {provider} could not be saved in {path}: it ends with this koi"
            )
    return records, tuple(notes)
