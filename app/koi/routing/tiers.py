"""Fast, primary or premium: which model of a provider a turn is worth, by its prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from koi.core.messages import Message, ToolCall, ToolResult

Tier: TypeAlias = Literal["fast", "primary", "premium"]

SHORT = 80
"""Characters; a question below may be a simple one."""
LONG = 500
"""Characters; a prompt above is worth the premium model."""
MANY_TURNS = 10
MANY_TOOLS = 3
LAST_TURNS = 3
"""Turns in which tools are counted."""
QUESTIONS = frozenset({"what", "how", "when", "where", "who", "list", "show"})
HARD_WORK = frozenset({"debug", "architect", "refactor", "analyze", "optimize", "complex"})
_WORD = re.compile(r"[^\W_]+")


class Activity(msgspec.Struct, frozen=True):
    """What a session did before a prompt."""

    turns: int = 0
    tools: int = 0
    """Different tools that were used in the last turns; how many are offered says nothing."""


class TierChoice(NamedTuple):
    """The tier of a turn, and why."""

    tier: Tier
    reason: str


PRIMARY = TierChoice("primary", "neither a short question nor hard work")
"""What most turns are."""


def choose_tier(prompt: str, activity: Activity) -> TierChoice:
    """The tier for a prompt. A short simple question is fast, whatever else it holds."""
    words = [word.casefold() for word in _WORD.findall(prompt)]
    asked = next((word for word in words if word in QUESTIONS), None)
    if asked is not None and len(prompt) < SHORT and activity.tools == 0:
        return TierChoice("fast", f"a short question ('{asked}')")
    hard = next((word for word in words if word in HARD_WORK), None)
    if hard is not None:
        return TierChoice("premium", f"the prompt says '{hard}'")
    if len(prompt) > LONG:
        return TierChoice("premium", f"a long prompt ({len(prompt)} characters)")
    if activity.turns > MANY_TURNS:
        return TierChoice("premium", f"a long session ({activity.turns} turns)")
    if activity.tools > MANY_TOOLS:
        return TierChoice("premium", f"many tools ({activity.tools} in the last turns)")
    return PRIMARY


def activity_before(history: Sequence[Message]) -> Activity:
    """What a session did before the prompt that its history ends with."""
    prompts = [at for at, message in enumerate(history) if _is_prompt(message)]
    before = prompts[:-1]
    if not before:
        return Activity()
    last = history[before[-LAST_TURNS:][0] : prompts[-1]]
    used = {part.name for message in last for part in message.parts if isinstance(part, ToolCall)}
    return Activity(len(before), len(used))


def _is_prompt(message: Message) -> bool:
    results = any(isinstance(part, ToolResult) for part in message.parts)
    return message.role == "user" and not results
