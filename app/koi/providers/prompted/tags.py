"""The tags of the prompted form, and those that models write in their place."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

import msgspec

TagKind: TypeAlias = Literal["call", "function", "result", "think"]

_KINDS: dict[str, TagKind] = {
    "tool_call": "call",
    "toolcall": "call",
    "tool-call": "call",
    "function_call": "call",
    "functioncall": "call",
    "function-call": "call",
    "invoke": "call",
    "minimax:tool_call": "call",
    "tool_calls": "call",
    "function_calls": "call",
    "function": "function",
    "tool_result": "result",
    "tool_response": "result",
    "think": "think",
    "thinking": "think",
}
"""Names in lower case. `function` counts only as `<function=NAME>`."""
CALL_NAMES = tuple(name for name, kind in _KINDS.items() if kind in ("call", "function"))
_START = re.compile(r"<(/?)\|?(/?)([A-Za-z_:-]*)")
_NAMED = re.compile(r"""\bname\s*=\s*(?:"([^"]*)"|'([^']*)'|([\w.-]+))""")
_LONGEST = 256
"""Characters of a tag with its attributes; a longer one is text."""
_ANY = re.compile(
    "<(?=/?\\|?/?(?:" + "|".join(map(re.escape, _KINDS)) + ")(?![A-Za-z_:-]))", re.IGNORECASE
)


class Tag(msgspec.Struct, frozen=True):
    """A tag that means something. `end` is the place after it; `name` is the tool it names."""

    kind: TagKind
    closing: bool
    end: int
    name: str = ""
    empty: bool = False
    """Closed in itself, as in `<invoke name="ls"/>`."""


class Unfinished(msgspec.Struct, frozen=True):
    """What may become a tag with the next characters."""


UNFINISHED = Unfinished()


def read_tag(text: str, at: int, *, final: bool) -> Tag | Unfinished | None:
    """The tag that begins with the `<` at a place; None when it is text."""
    start = _START.match(text, at)
    if start is None:
        return None
    name, end = start[3].lower(), start.end()
    if end == len(text) and not final and any(known.startswith(name) for known in _KINDS):
        return UNFINISHED
    kind = _KINDS.get(name)
    if kind is None or (end == len(text) and final):
        return None
    if end < len(text) and not _may_follow(kind, text[end], closing=bool(start[1] or start[2])):
        return None
    close = text.find(">", end, at + _LONGEST)
    inside = text[end : close if close >= 0 else at + _LONGEST]
    if "<" in inside:
        return None
    if close < 0:
        return UNFINISHED if not final and len(text) < at + _LONGEST else None
    return Tag(
        kind, bool(start[1] or start[2]), close + 1, _tool_name(inside), inside.endswith("/")
    )


def _may_follow(kind: TagKind, character: str, *, closing: bool) -> bool:
    """`<function=NAME>` has its name behind `=`, the others theirs in an attribute."""
    if kind == "function" and not closing:
        return character == "="
    return character in " \t\r\n>/|"


def _tool_name(inside: str) -> str:
    """NAME of `<function=NAME>` and of `<tool_call name="NAME">`."""
    if inside.startswith("="):
        return inside[1:].strip(" \t\r\n\"'/|")
    found = _NAMED.search(inside)
    return next(filter(None, found.groups()), "").strip() if found else ""


def neutralised(text: str) -> str:
    """`text` without tags of the prompted form: their `<` is written `&lt;`."""
    return _ANY.sub("&lt;", text)
