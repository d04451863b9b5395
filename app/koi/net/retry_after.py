"""How long a server asks to wait, from its headers or its error body."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from koi.core.messages import JsonObject
from koi.net.durations import LONGEST_S, duration_s, number, until
from koi.net.retry_words import wait_in_words

_BUCKETS = (
    ("anthropic-ratelimit-{}-remaining", "anthropic-ratelimit-{}-reset"),
    ("x-ratelimit-remaining-{}", "x-ratelimit-reset-{}"),
)
_COUNTED = (
    "requests",
    "tokens",
    "input-tokens",
    "output-tokens",
    "requests-minute",
    "tokens-minute",
    "requests-hour",
    "tokens-hour",
    "requests-day",
    "tokens-day",
)
_SINGLE = (
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("ratelimit-remaining", "ratelimit-reset"),
)
"""Servers with one bucket, among them gateways that repeat these headers in the error's body."""
_SAID = ("retry-after", "llm_provider-retry-after")
"""Where a time is named; the second by gateways (LiteLLM) that repeat another's headers."""
_FIELDS = ("resets_in_seconds", "retry_after", "retry_after_seconds", "estimated_time")
"""Seconds in the body: ChatGPT, Cloudflare and others, and Hugging Face's loading models."""


def retry_after_s(headers: Mapping[str, str], body: object = None) -> float | None:
    """Seconds to wait, None when the server names no time. Header names are lower case.

    In this order: retry-after-ms, Retry-After (seconds, or a date against the server's own clock),
    the body (RetryInfo of Google, a field, words), the reset of a rate-limit bucket that is empty.
    """
    now = _date(headers.get("date", "")) or datetime.now(UTC)
    found = _in_headers(headers, now)
    if found is None:
        found = _in_body(body, now)
    if found is None:
        found = _empty_bucket(headers, now)
    return None if found is None or found > LONGEST_S else found


def _in_headers(headers: Mapping[str, str], now: datetime) -> float | None:
    if (milliseconds := number(headers.get("retry-after-ms", ""))) is not None:
        return milliseconds / 1000
    said = next((headers[name] for name in _SAID if headers.get(name)), "")
    if (seconds := duration_s(said)) is not None:
        return until(seconds, now)
    if (date := _date(said)) is not None:
        return max(0.0, (date - now).total_seconds())
    # A header that came twice is joined with a comma; so is a date, which was looked at before.
    each = [seconds for part in said.split(",") if (seconds := duration_s(part)) is not None]
    return max(each, default=None)


def _in_body(body: object, now: datetime) -> float | None:
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    if isinstance(error, str):
        # Hugging Face: {"error": "Model X is currently loading", "estimated_time": 20.0}
        error = {**body, "message": error}
    if not isinstance(error, dict):
        error = body
    details = error.get("details")
    if (wait := _google(details if isinstance(details, list) else [], now)) is not None:
        return wait
    for name in _FIELDS:
        value = error.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return float(value)
    if (reset := number(str(error.get("resets_at", "")))) is not None:
        return until(reset, now)
    if (wait := _repeated_headers(error, now)) is not None:
        return wait
    message = error.get("message") or error.get("detail")
    return wait_in_words(message, now) if isinstance(message, str) else None


def _google(details: list[object], now: datetime) -> float | None:
    """https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto"""
    wait: float | None = None
    for detail in details:
        if not isinstance(detail, dict):
            continue
        if wait is None and isinstance(delay := detail.get("retryDelay"), str):
            wait = duration_s(delay)
        if _is_of_the_day(detail):
            # A delay of seconds stands beside it all the same, as for the limit of a minute.
            return max(wait or 0.0, _until_pacific_midnight(now))
    return wait


def _is_of_the_day(detail: JsonObject) -> bool:
    violations = detail.get("violations")
    return any(
        isinstance(each, dict) and "PerDay" in str(each.get("quotaId", ""))
        for each in (violations if isinstance(violations, list) else ())
    )


def _until_pacific_midnight(now: datetime) -> float:
    """Requests of a day are counted anew at midnight Pacific time.

    https://ai.google.dev/gemini-api/docs/rate-limits
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        there = now.astimezone(ZoneInfo("America/Los_Angeles"))
    except ZoneInfoNotFoundError:  # no time zones on this machine: an hour late at worst
        from datetime import timedelta, timezone

        there = now.astimezone(timezone(timedelta(hours=-8)))
    passed = there.hour * 3600 + there.minute * 60 + there.second
    return float(86_400 - passed)


def _repeated_headers(error: JsonObject, now: datetime) -> float | None:
    """What OpenRouter repeats of its own headers in error.metadata.headers."""
    metadata = error.get("metadata")
    headers = metadata.get("headers") if isinstance(metadata, dict) else None
    if not isinstance(headers, dict):
        return None
    lower = {name.lower(): str(value) for name, value in headers.items()}
    found = _in_headers(lower, now)
    return _empty_bucket(lower, now) if found is None else found


def _empty_bucket(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until the last of the empty buckets is filled again."""
    pairs = [
        (remaining.format(counted), reset.format(counted))
        for remaining, reset in _BUCKETS
        for counted in _COUNTED
    ]
    waits = [
        wait
        for remaining, reset in (*pairs, *_SINGLE)
        if number(headers.get(remaining, "")) == 0
        and (wait := _moment(headers.get(reset, ""), now)) is not None
    ]
    if headers.get("anthropic-ratelimit-unified-status") == "rejected":
        # A subscription's allowance, whose reset is a time of the clock.
        wait = _moment(headers.get("anthropic-ratelimit-unified-reset", ""), now)
        waits += [] if wait is None else [wait]
    return max(waits, default=None)


def _moment(text: str, now: datetime) -> float | None:
    """Seconds until a reset: `6m0s`, `12ms`, bare seconds, a time of the clock, RFC 3339."""
    if (seconds := number(text)) is not None:
        return until(seconds, now)
    if (seconds := duration_s(text)) is not None:
        return seconds
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return max(0.0, (moment - now).total_seconds())
    except OverflowError:
        return None


def _date(text: str) -> datetime | None:
    if not text:
        return None
    from email.utils import parsedate_to_datetime  # 10 ms that only errors cost

    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
