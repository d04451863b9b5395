"""Calls that the conversation already holds as text: whoever repeats one of them quotes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

import msgspec

from koi.core.messages import JsonObject, Message, Text, ToolCall, ToolResult

_BLANK = re.compile(r"[\s\\]+")
_WRITTEN = (("name", "arguments"), ("tool", "args"))


class Quotations:
    """What tools returned and the person wrote in one conversation."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages

    def hold(self, markup: str, name: str, arguments: JsonObject) -> bool:
        """True when the text of a call, or its JSON, stands there; blanks do not count."""
        forms = [markup]
        forms += [json_of({first: name, second: arguments}) for first, second in _WRITTEN]
        return any(_compact(form) in self._texts for form in forms)

    @cached_property
    def _texts(self) -> str:
        """All of it, made when the first call comes. A JSON string of a call is a call too."""
        texts = [
            part.content if isinstance(part, ToolResult) else part.text
            for message in self._messages
            if message.role == "user"
            for part in message.parts
            if isinstance(part, ToolResult | Text)
        ]
        return "\n".join(map(_compact, texts))


def json_of(value: JsonObject) -> str:
    """The one way in which a call is written when koi writes it."""
    return msgspec.json.encode(value).decode()


def _compact(text: str) -> str:
    return _BLANK.sub("", text)


def withheld(call: ToolCall) -> JsonObject | None:
    """The arguments of a call that was kept from running because it is a quotation."""
    if call.arguments is not None:
        return None
    try:
        return msgspec.json.decode(call.arguments_raw, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
