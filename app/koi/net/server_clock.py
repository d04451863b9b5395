"""How far the clocks of servers are ahead of this machine's, from the answers that came anyway."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

_ahead: dict[str, float] = {}


def note_clock(host: str, headers: Mapping[str, str], now: float) -> None:
    """Take in the `date` of an answer that arrived at `now` (time.time())."""
    try:
        _ahead[host] = parsedate_to_datetime(headers["date"]).timestamp() - now
    except (KeyError, ValueError, OverflowError):
        return


def clocks_ahead() -> dict[str, float]:
    """Seconds by host; negative where the server's clock is behind."""
    return dict(_ahead)
