"""Token counts of a response. Cached tokens are inside the input, reasoning inside the output."""

from __future__ import annotations

from koi.core.messages import JsonObject
from koi.core.usage import Usage
from koi.providers.wire.fields import count, mapping


def read_usage(usage: JsonObject) -> Usage:
    """Normalised usage: what was cached is taken out of the input."""
    details = mapping(usage, "input_tokens_details")
    read = count(details, "cached_tokens") or 0
    written = count(details, "cache_write_tokens") or 0
    fresh = max(0, (count(usage, "input_tokens") or 0) - read - written)
    reasoning = count(mapping(usage, "output_tokens_details"), "reasoning_tokens") or 0
    return Usage(fresh, read, written, count(usage, "output_tokens") or 0, reasoning)
