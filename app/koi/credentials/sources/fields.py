"""Values out of JSON that somebody else wrote: missing and odd ones are None or ""."""

from __future__ import annotations

from koi.core.messages import JsonObject
from koi.credentials.key_text import can_be_sent
from koi.credentials.sources.foreign_file import Unreadable

LONGEST_NAME = 200
LATEST = 1e15
"""Larger numbers are no times, in seconds or milliseconds."""
LONGEST_TOKEN = 64 * 1024


def table(parent: JsonObject, key: str) -> JsonObject:
    """The object under a key, an empty one for anything else."""
    found = parent.get(key)
    return found if isinstance(found, dict) else {}


def words(parent: JsonObject, key: str) -> str:
    """The text under a key, cut to a length; "" for anything else."""
    found = parent.get(key)
    return found.strip()[:LONGEST_NAME] if isinstance(found, str) else ""


def token(parent: JsonObject, key: str) -> str:
    """The token under a key, "" when there is none. Raises Unreadable for one that is none."""
    found = parent.get(key)
    value = found.strip() if isinstance(found, str) else ""
    if len(value) > LONGEST_TOKEN or not can_be_sent(value):
        raise Unreadable("holds something that cannot be a token")
    return value


def milliseconds(parent: JsonObject, key: str) -> float | None:
    """A time in milliseconds under a key, as time.time() seconds."""
    found = seconds(parent, key)
    return found / 1000 if found else None  # 0 is no time: nobody knows when it ends


def seconds(parent: JsonObject, key: str) -> float | None:
    """A time in seconds under a key; None for what is no number of this age of the world."""
    found = parent.get(key)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if abs(found) < LATEST else None
