"""Whose opaque data a model understands: signatures are of use to one line of models only."""

from __future__ import annotations

import re

_LINE = re.compile(r"[a-z]+")


def family(provider: str, model: str) -> str:
    """The family of a model: its provider, and the line that its name begins with.

    `provider` says in which protocol it is spoken to as well, as the data of one means nothing in
    another: anthropic/anthropic, minimax/openai-chat.
    An aggregator serves many lines under one name, and refuses the signatures of one when they
    are sent to another: its anthropic/claude-sonnet-4.6 and its openai/gpt-5 are two families.
    """
    found = _LINE.match(_bare(model))
    return f"{provider}/{found[0]}" if found else provider


def _bare(model: str) -> str:
    """The name without vendor and region: us.anthropic.claude-… and anthropic/claude-… alike."""
    name = model.lower().rsplit("/", 1)[-1]
    return re.split(r"\.(?=[a-z])", name)[-1]
