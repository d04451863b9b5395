"""Spans of time as servers write them."""

from __future__ import annotations

import re
from datetime import datetime

LONGEST_S = 366 * 86_400.0
"""Seconds; what is longer was not meant as a time to wait."""
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_NUMBER = re.compile(r"\d{1,15}(\.\d{1,15})?", re.ASCII)
_PART = r"\d{1,9}(?:\.\d{1,9})?"
_DURATION = re.compile(
    rf"(?:({_PART})d)?(?:({_PART})h)?(?:({_PART})m(?!s))?(?:({_PART})s)?(?:({_PART})ms)?", re.ASCII
)
_CLOCK_S = 1e9
"""A bare number from here on is no span but a time of the clock, in seconds since 1970."""
_CLOCK_MS = 1e11


def number(text: str) -> float | None:
    """A number without a sign, None when the text is something else."""
    return float(text) if _NUMBER.fullmatch(text := text.strip()) else None


def duration_s(text: str) -> float | None:
    """Seconds in `1m30s`, `17.4s`, `12ms` or a bare number; None when it is no duration."""
    if (seconds := number(text)) is not None:
        return seconds
    match = _DURATION.fullmatch(text.strip())
    if match is None or not match[0]:
        return None
    days, hours, minutes, seconds, milliseconds = (float(each or 0) for each in match.groups())
    return days * 86_400 + hours * 3600 + minutes * 60 + seconds + milliseconds / 1000


def until(value: float, now: datetime) -> float:
    """Seconds that a bare number means: a span, or a time of the clock in s or ms."""
    if value < _CLOCK_S:
        return value
    moment = value / 1000 if value >= _CLOCK_MS else value
    return max(0.0, moment - now.timestamp())


def unit_s(word: str) -> float:
    """Seconds in a unit: `ms`, `milliseconds`, `s`, `seconds`, `min`, `hours`, `d`, and so on."""
    word = word.lower()
    return _UNIT_S["ms" if word.startswith(("ms", "milli")) else word[0]]
