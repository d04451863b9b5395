"""Times to wait in the sentences of error messages, where no header can say them."""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime

from koi.net.durations import unit_s

_LEAD = (
    r"(?:try again|retry(?:ing)?(?: the request| your request)?|wait(?: for)?"
    r"|available(?: again)?|resets?|reset)(?: again)?,?(?: in| after)?(?: about| at least)? ?"
)
_PIECE = (
    r"[ ,]*(?:and )?(\d{1,9}(?:\.\d{1,9})?) ?"
    r"(ms|msecs?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])"
)
"""Part of: in 1m47.5854s; after 20 seconds; in 2 hours and 5 minutes."""
_CLOCK = (
    r"(?:regain access|try again|resets?|reset|available(?: again)?)(?: on| at| after)? "
    r"(\d{4}-\d\d-\d\d)(?:[T ]|,? at )(\d\d:\d\d(?::\d\d)?) ?(?:UTC|GMT|Z)"
)
"""You will regain access on 2026-04-01 at 00:00 UTC."""
_LOOKED_AT = 2000


def wait_in_words(message: str, now: datetime) -> float | None:
    """Seconds that a sentence asks to wait, None when it names no time.

    Times of the clock count only with their zone: one too early would be worse than none.
    """
    message = message[:_LOOKED_AT]
    for lead in _pattern(_LEAD).finditer(message):
        if (seconds := _span(message, lead.end())) is not None:
            return seconds
    if found := _pattern(_CLOCK).search(message):
        try:
            moment = datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=UTC)
        except ValueError:
            return None
        return max(0.0, (moment - now).total_seconds())
    return None


def _span(message: str, start: int) -> float | None:
    """Seconds in the pieces that stand at `start`."""
    seconds: float | None = None
    while piece := _pattern(_PIECE).match(message, start):
        seconds = (seconds or 0.0) + float(piece[1]) * unit_s(piece[2])
        start = piece.end()
    return seconds


@functools.cache
def _pattern(words: str) -> re.Pattern[str]:
    """Compiled with the first error."""
    return re.compile(words, re.IGNORECASE | re.ASCII)
