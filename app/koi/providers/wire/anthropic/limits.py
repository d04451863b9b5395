"""How many tokens a Claude model may answer with: max_tokens is mandatory in this format.

https://docs.anthropic.com/en/docs/about-claude/models/overview
"""

from __future__ import annotations

_LIMITS = (
    ("claude-3-opus", 4096),
    ("claude-3-sonnet", 4096),
    ("claude-3-haiku", 4096),
    ("claude-3-5", 8192),
    ("claude-opus-4-0", 32_000),
    ("claude-opus-4-1", 32_000),
    ("claude-opus-4-2", 32_000),
    ("claude-", 64_000),
)
"""Prefix and limit, the first that fits wins. Dated names of Opus 4 begin with claude-opus-4-2."""
UNKNOWN_MODEL = 8192


def output_limit(model: str) -> int:
    """Tokens to ask for when nobody said how many; models of other makers get 8192."""
    name = model.rsplit("/", 1)[-1].replace(".", "-")
    return next((limit for prefix, limit in _LIMITS if name.startswith(prefix)), UNKNOWN_MODEL)
