"""How far the clocks of servers are ahead of this machine's, from the answers that came anyway."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

_dates: dict[str, tuple[str, float]] = {}
"""By host the `date` of its last answer, unread, and when that came."""


def note_clock(host: str, headers: Mapping[str, str], now: float) -> None:
    """Take in the `date` of an answer that arrived at `now` (time.time())."""
    if date := headers.get("date"):
        _dates[host] = (date, now)


def clocks_ahead() -> dict[str, float]:
    """Seconds by host; negative where the server's clock is behind. Dates that are none are not
    in it."""
    from email.utils import parsedate_to_datetime  # only the doctor reads them

    ahead: dict[str, float] = {}
    for host, (date, now) in _dates.items():
        with suppress(ValueError, OverflowError):
            ahead[host] = parsedate_to_datetime(date).timestamp() - now
    return ahead
