"""What to do about an error, where the endpoint is known as well as what went wrong."""

from __future__ import annotations

from collections.abc import Sequence

from koi.core.errors import ErrorKind


def with_region_hint(kind: ErrorKind, hint: str, siblings: Sequence[str]) -> str:
    """`hint`, and for a refused key the other regions of the company, where it may be at home."""
    if kind != "auth" or not siblings:
        return hint
    regions = f"A key works in its own region only; the others are {' and '.join(siblings)}."
    return f"{hint} {regions}".lstrip()
