"""A tool call's arguments in one line, for as long as nothing better is known."""

from __future__ import annotations

from koi.core.messages import ToolCall
from koi.view.safe_text import SafeText, safe

_TELLING = ("command", "path", "file_path", "pattern", "query", "url")
MAX_CHARACTERS = 200


def brief(call: ToolCall) -> SafeText:
    """The most telling arguments first: a command, a path, a pattern."""
    arguments = call.arguments
    if arguments is None:
        return safe(call.arguments_raw[:MAX_CHARACTERS], keep_newlines=False)
    telling = [str(arguments[name]) for name in _TELLING if name in arguments]
    others = [
        f"{name}={_short(value)}" for name, value in arguments.items() if name not in _TELLING
    ]
    text = "  ".join(telling or others)
    return safe(text[:MAX_CHARACTERS], keep_newlines=False)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"
