"""How long a server asks to wait, from its headers or its error body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from koi.core.messages import JsonObject

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_TRY_AGAIN = re.compile(r"try again in (\d{1,9}(?:\.\d{1,9})?) ?(ms|s)\b", re.IGNORECASE)
_BUCKETS = (
    ("anthropic-ratelimit-{}-remaining", "anthropic-ratelimit-{}-reset"),
    ("x-ratelimit-remaining-{}", "x-ratelimit-reset-{}"),
)
_COUNTED = ("requests", "tokens", "input-tokens", "output-tokens")
_SAID = ("retry-after", "llm_provider-retry-after")
"""Where a time is named; the second by gateways (LiteLLM) that repeat another's headers."""


def retry_after_s(headers: Mapping[str, str], body: object = None) -> float | None:
    """Seconds to wait, None when the server names no time. Header names are lower case.

    In this order: retry-after-ms, Retry-After (seconds, or a date against the server's own
    clock), a google.rpc.RetryInfo in the body, the reset of a rate-limit bucket that is empty.
    """
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    now = _http_date(headers.get("date")) or datetime.now(UTC)
    if said := next((headers[name] for name in _SAID if headers.get(name)), ""):
        seconds = _number(said)
        if seconds is not None:
            return seconds
        if date := _http_date(said):
            return max(0.0, (date - now).total_seconds())
    hint = _retry_info(body)
    return _empty_bucket(headers, now) if hint is None else hint


def _empty_bucket(headers: Mapping[str, str], now: datetime) -> float | None:
    waits = []
    for remaining, reset in _BUCKETS:
        for counted in _COUNTED:
            if _number(headers.get(remaining.format(counted))) != 0:
                continue
            wait = _moment(headers.get(reset.format(counted), ""), now)
            if wait is not None:
                waits.append(wait)
    return max(waits, default=None)


def _moment(text: str, now: datetime) -> float | None:
    """Seconds until a reset: `6m0s`, `12ms`, bare seconds, or an RFC 3339 time."""
    if (seconds := duration_s(text)) is not None:
        return seconds
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def duration_s(text: str) -> float | None:
    """Seconds in `1m30s`, `17.4s`, `12ms` or a bare number; None when it is no duration."""
    if (number := _number(text)) is not None:
        return number
    match = _DURATION.fullmatch(text.strip())
    if match is None or not match[0]:
        return None
    hours, minutes, seconds, milliseconds = (float(group or 0) for group in match.groups())
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000


def _retry_info(body: object) -> float | None:
    """https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto"""
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str):
            return duration_s(delay)
    return _resets_in(error) if isinstance(error, dict) else None


def _resets_in(error: JsonObject) -> float | None:
    """What OpenAI says inside a stream, where no header can: a field, or words."""
    seconds = error.get("resets_in_seconds")
    if isinstance(seconds, int | float) and seconds >= 0:
        return float(seconds)
    message = error.get("message")
    if not isinstance(message, str) or not (found := _TRY_AGAIN.search(message)):
        return None
    return float(found[1]) / (1000 if found[2].lower() == "ms" else 1)


def _number(text: str | None) -> float | None:
    if text is None or not re.fullmatch(r"\d{1,15}(\.\d{1,15})?", text.strip()):
        return None
    return float(text)


def _http_date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
