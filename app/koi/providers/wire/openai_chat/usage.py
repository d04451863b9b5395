"""Token counts of chat completions: many spellings of the same five numbers."""

from __future__ import annotations

from koi.core.messages import JsonObject
from koi.core.usage import Usage
from koi.providers.wire.fields import count, mapping


def read_usage(usage: JsonObject, *, reasoning_inside_output: bool = True) -> Usage:
    """Normalised usage. `prompt_tokens` includes what was cached; it is taken out here."""
    prompt = count(usage, "prompt_tokens") or 0
    output = count(usage, "completion_tokens") or 0
    prompt_details = mapping(usage, "prompt_tokens_details")
    output_details = mapping(usage, "completion_tokens_details")
    read = _first(
        count(prompt_details, "cached_tokens"),
        count(usage, "prompt_cache_hit_tokens"),
        count(usage, "num_cached_tokens"),
        count(usage, "cached_tokens"),
    )
    written = count(prompt_details, "cache_write_tokens") or 0
    reasoning = _first(count(output_details, "reasoning_tokens"), count(usage, "reasoning_tokens"))
    if reasoning and not _inside(
        reasoning, prompt, output, count(usage, "total_tokens"), reasoning_inside_output
    ):
        output += reasoning
    return Usage(max(0, prompt - read - written), read, written, output, reasoning)


def _first(*values: int | None) -> int:
    """The first count that says something: many servers send an empty 0 beside the real one."""
    return next((value for value in values if value), 0)


def _inside(reasoning: int, prompt: int, output: int, total: int | None, expected: bool) -> bool:
    """Whether `output` already holds `reasoning`; the numbers themselves often tell."""
    if reasoning > output or total == prompt + output + reasoning:
        return False
    return expected or total == prompt + output
