"""Names of tools in the characters that providers accept: models also call tools that are none.

A name that is refused in the history would make every later request fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from koi.core.messages import Message

LENGTH = 64
_REFUSED = re.compile(r"[^a-zA-Z0-9_-]")


def tool_name(name: str) -> str:
    """`name` with other characters replaced and at most 64 long; a name that fits stays."""
    return _REFUSED.sub("_", name)[:LENGTH] or "_"


def called_tools(messages: Iterable[Message]) -> tuple[str, ...]:
    """The names of all tools that were called, as they are sent."""
    calls = (call for message in messages for call in message.tool_calls)
    return tuple(dict.fromkeys(tool_name(call.name) for call in calls))
