"""Numbers as people read them: durations, tokens, dollars."""

from __future__ import annotations

import math

from koi.core.usage import Cost


def duration(seconds: float) -> str:
    """Such as 0.4 s, 12 s, 3 min 05 s, 2 h 10 min."""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def countdown(seconds: float) -> str:
    """A time that counts down, such as 0:42 or 1:02:03; never 0:00 before it is over."""
    whole = math.ceil(max(0.0, seconds))
    hours, rest = divmod(whole, 3600)
    minutes = f"{rest // 60:02}" if hours else str(rest // 60)
    return f"{hours}:{minutes}:{rest % 60:02}" if hours else f"{minutes}:{rest % 60:02}"


def age(seconds: float) -> str:
    """A time that counts up, in whole seconds."""
    return duration(max(10.0, seconds)) if seconds >= 10 else f"{int(max(0.0, seconds))} s"


def ago(seconds: float) -> str:
    """How long ago, in one unit."""
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{int(seconds // unit)} {name} ago"
    return "just now"


def tokens(count: int) -> str:
    """Such as 950, 4.1k, 38k, 1.2M."""
    if count < 1000:
        return str(count)
    for divisor, unit in ((1_000, "k"), (1_000_000, "M")):
        value = count / divisor
        if value < 9.95:
            return f"{value:.1f}{unit}"
        if value < 999.5 or unit == "M":
            return f"{value:.0f}{unit}"
    return str(count)


def size(count: int) -> str:
    """Bytes on a disk, such as 512 MB, 4.7 GB."""
    gigabytes = count / 1_000_000_000
    return f"{gigabytes:.1f} GB" if gigabytes >= 0.95 else f"{max(1, round(count / 1e6))} MB"


def dollars(usd: float | None) -> str:
    """Such as $0.012 or $4.20; `unknown` for a price that is not known, never 0."""
    if usd is None:
        return "unknown"
    if usd == 0:
        return "$0"
    if usd < 0.0001:
        return "<$0.0001"
    if usd < 0.01:
        return f"${usd:.4f}"
    return f"${usd:.3f}" if usd < 1 else f"${usd:.2f}"


def total(cost: Cost) -> str:
    """A sum: what is known, marked when something of unknown price comes on top."""
    if not cost.incomplete:
        return dollars(cost.known_usd)
    return f"{dollars(cost.known_usd)} + unknown" if cost.known_usd else "unknown"
