"""A call whose text still comes: where its body begins, and where it ends."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal, TypeAlias

import msgspec

from koi.core.provider_events import ProviderEvent, ToolCallDelta, ToolCallStarted
from koi.providers.prompted.braces import Braces
from koi.providers.prompted.call_text import first_name, fitting
from koi.providers.prompted.tags import CALL_NAMES, UNFINISHED, Tag, Unfinished, read_tag

BodyKind: TypeAlias = Literal["json", "markup"]

_SPACE_LIMIT = 256
_HEAD = 200
_SPACE = re.compile(r"\s*")
_FENCE = re.compile(r"```\w*\s*")
_CHILD = re.compile(r"</?\|?([A-Za-z_][\w:-]{0,63})")
_WORD = re.compile(r"[\w-]{1,64}")
_CHILDREN = {*CALL_NAMES, "parameter", "arg_key", "name", "tool", "tool_name"} | {
    "arguments",
    "args",
    "parameters",
}
_CLOSE = re.compile(r"</\|?(?:tool[_-]?calls?|function(?:[_-]?calls?)?|invoke)\|?>", re.IGNORECASE)


class Body(msgspec.Struct, frozen=True):
    """Where the body of a call begins, and how it is written."""

    kind: BodyKind
    start: int
    fenced: bool = False


def find_body(
    text: str, tag: Tag, tools: Collection[str], *, final: bool
) -> Body | Unfinished | None:
    """The body after an opening tag; None when what follows the tag is prose about it."""
    at = _skip_space(text, tag.end)
    if at - tag.end > _SPACE_LIMIT:
        return None
    fenced = text.startswith("`", at)
    if fenced:
        fence = _FENCE.match(text, at)
        if fence is None:
            return UNFINISHED if not final and _ends_in_backticks(text, at) else None
        at = fence.end()
        if at - tag.end > 2 * _SPACE_LIMIT:
            return None
    if at == len(text):
        return None if final else UNFINISHED
    if text[at] in "{[":
        return Body("json", at, fenced)
    if text[at] == "<":
        return _find_child(text, at, tag, final=final)
    return _find_word(text, at, tools, final=final)


def _find_child(text: str, at: int, tag: Tag, *, final: bool) -> Body | Unfinished | None:
    child = _CHILD.match(text, at)
    if not final and (len(text) - at < 3 or (child and child.end() == len(text))):
        return UNFINISHED
    if child is None:
        return None
    closing = text[at + 1] == "/"
    if tag.name or (not closing and child[1].lower() in _CHILDREN):
        return Body("markup", at)
    return None


def _find_word(
    text: str, at: int, tools: Collection[str], *, final: bool
) -> Body | Unfinished | None:
    """The name of a tool without quotes, and its arguments behind it."""
    word = _WORD.match(text, at)
    if word is None:
        return None
    if word.end() == len(text) and not final:
        return UNFINISHED if any(tool.startswith(word[0]) for tool in tools) else None
    if word[0] not in tools:
        return None
    after = _skip_space(text, word.end())
    if after - word.end() > _SPACE_LIMIT:
        return None
    if after == len(text) and not final:
        return UNFINISHED
    return Body("markup", at) if text[after : after + 1] in ("<", "{") else None


def _ends_in_backticks(text: str, at: int) -> bool:
    """True when a text ends with less of them than a fence has."""
    return len(text) - at < 3 and text.endswith("`" * (len(text) - at))


def _skip_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


class OpenCall:
    """Collects one body. A missing closing tag ends with the JSON, by its braces."""

    def __init__(self, opening: str, name: str, identity: str, body: Body) -> None:
        self.opening = opening
        self.name = name
        self.identity = identity
        self.done = False
        self.another = False
        """One more JSON object follows between the same tags."""
        self.started = False
        self._braces = Braces() if body.kind == "json" else None
        self._fenced = body.fenced
        self._depth = 1
        self._pieces: list[str] = []
        self._head = ""
        self._told = 0

    @property
    def body(self) -> str:
        """What has come so far."""
        return "".join(self._pieces)

    @property
    def markup(self) -> str:
        """The same with its opening tag."""
        return self.opening + self.body

    def take(self, text: str, at: int, *, final: bool) -> int:
        """The place up to which `text` belongs to the call, or is waited for."""
        if self._braces is None:
            return self._take_markup(text, at, final=final)
        if self._braces.closed:
            return self._take_end(text, at, final=final)
        after = self._braces.take(text, at)
        self._add(text[at:after])
        if self._braces.closed or after == len(text):
            return after
        tag = read_tag(text, after, final=final)
        if isinstance(tag, Unfinished):
            return after
        if tag is not None and tag.closing and tag.kind in ("call", "function"):
            self.done = True
            return tag.end
        self._add("<")
        return after + 1

    def progress(self) -> list[ProviderEvent]:
        """That the call has a name, and how its text grows."""
        events: list[ProviderEvent] = []
        if not self.started:
            name = fitting(self.name) or first_name(self._head[:_HEAD])
            if not name:
                return events
            self.started = True
            events.append(ToolCallStarted(self.identity, name))
        if delta := "".join(self._pieces[self._told :]):
            self._told = len(self._pieces)
            events.append(ToolCallDelta(self.identity, delta))
        return events

    def cut_at_close(self) -> str:
        """End an unbalanced body at its first closing tag; what came after that tag."""
        body = self.body
        unbalanced = self._braces is not None and not self._braces.closed
        close = _CLOSE.search(body) if unbalanced else None
        if close is None:
            return ""
        self._pieces = [body[: close.start()]]
        return body[close.end() :]

    def _add(self, piece: str) -> None:
        if piece:
            self._pieces.append(piece)
        if len(self._head) < _HEAD:
            self._head += piece[:_HEAD]

    def _take_end(self, text: str, at: int, *, final: bool) -> int:
        """After the JSON: its closing tag, one more object, or text without either."""
        after = _skip_space(text, at)
        if self._fenced and after - at <= _SPACE_LIMIT:
            if not final and _ends_in_backticks(text, after):
                return at
            after = _skip_space(text, after + 3) if text.startswith("```", after) else after
        if after - at > 2 * _SPACE_LIMIT:
            self.done = True
            return at
        if after == len(text) and not final:
            return at
        tag = read_tag(text, after, final=final) if text.startswith("<", after) else None
        if isinstance(tag, Unfinished):
            return at
        self.done = True
        if tag is not None and tag.closing and tag.kind in ("call", "function"):
            return tag.end
        self.another = text.startswith("{", after)
        return after if self.another else at

    def _take_markup(self, text: str, at: int, *, final: bool) -> int:
        place = text.find("<", at)
        if place != at:
            place = len(text) if place < 0 else place
            self._add(text[at:place])
            return place
        tag = read_tag(text, at, final=final)
        if isinstance(tag, Unfinished):
            return at
        if tag is not None and tag.kind in ("call", "function") and not tag.empty:
            self._depth += -1 if tag.closing else 1
            if self._depth == 0:
                self.done = True
                return tag.end
        end = at + 1 if tag is None else tag.end
        self._add(text[at:end])
        return end
