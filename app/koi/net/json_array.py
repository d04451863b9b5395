"""One JSON array whose elements arrive one by one: how Gemini streams without server-sent events.

https://cloud.google.com/apis/docs/system-parameters (alt=json on a streaming method)
"""

from __future__ import annotations

import re

from koi.core.errors import ProviderError
from koi.net.framing import StreamEvent

MAX_ELEMENT = 16 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_BETWEEN_ELEMENTS = re.compile(rb'(?:[^"\[\]{},]+|"[^"\\]*")*+')
_INSIDE = re.compile(rb'(?:[^"\[\]{}]+|"[^"\\]*")*+')
"""What is passed over at once: all but brackets, and strings that are whole and hold no escape."""
_IN_STRING = re.compile(rb'["\\]')
_QUOTE, _BACKSLASH, _COMMA = b'"\\,'
_OPENING = b"[{"


class JsonArrayDecoder:
    """Each element of the array is one event, given out as soon as it is whole.

    Elements are cut out here and decoded later: brackets and commas inside strings do not count.
    """

    __slots__ = ("_at_start", "_begun", "_depth", "_element", "_ended", "_escaped", "_in_string")

    def __init__(self) -> None:
        self._element = bytearray()
        """The part of the element that came in earlier chunks."""
        self._at_start = True
        """A byte order mark may still come."""
        self._begun = False
        self._ended = False
        self._depth = 0
        self._in_string = False
        self._escaped = False

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that `chunk` completes.

        Raises ProviderError (protocol) for what is no array, and for elements past the limit.
        """
        if not self._begun:
            chunk = self._begin(chunk)
        events: list[StreamEvent] = []
        start = position = 0
        while not self._ended and position < len(chunk):
            if self._in_string:
                position = self._string(chunk, position)
                continue
            passed = _BETWEEN_ELEMENTS if self._depth == 1 else _INSIDE
            if found := passed.match(chunk, position):
                position = found.end()
            if position < len(chunk) and self._structure(chunk[position]):
                self._complete(chunk[start:position], events)
                start = position + 1
            position += 1
        if self._ended:
            _nothing_more(chunk[start:])
        else:
            self._keep(chunk[start:])
        return events

    def finish(self) -> list[StreamEvent]:
        """Nothing. Raises ProviderError (network) when the array was not closed."""
        if self._begun and not self._ended:
            raise ProviderError(
                "The answer was cut off before its end",
                kind="network",
                hint="What came is incomplete: ask again.",
            )
        return []

    def _begin(self, chunk: bytes) -> bytes:
        """What comes after the first bracket."""
        self._element += chunk
        if self._at_start and _BOM.startswith(self._element):
            return b""
        start = bytes(self._element)
        if self._at_start:
            start = start.removeprefix(_BOM)
            self._at_start = False
        start = start.lstrip()
        self._element.clear()
        if not start:
            return b""
        if not start.startswith(b"["):
            raise _not_an_array()
        self._begun = True
        self._depth = 1
        return start[1:]

    def _string(self, chunk: bytes, position: int) -> int:
        """Where to go on after a piece of a string."""
        if self._escaped:
            self._escaped = False
            return position + 1
        found = _IN_STRING.search(chunk, position)
        if found is None:
            return len(chunk)
        self._escaped = chunk[found.start()] == _BACKSLASH
        self._in_string = self._escaped
        return found.end()

    def _structure(self, byte: int) -> bool:
        """Take a byte outside of strings. True when an element ends before it."""
        if byte == _QUOTE:
            self._in_string = True
        elif byte == _COMMA:
            return self._depth == 1
        elif byte in _OPENING:
            self._depth += 1
        else:
            self._depth -= 1
            self._ended = self._depth == 0
        return self._ended

    def _complete(self, rest: bytes, events: list[StreamEvent]) -> None:
        self._keep(rest)
        data = bytes(self._element).strip()
        self._element.clear()
        if data:
            events.append(StreamEvent("", data))

    def _keep(self, piece: bytes) -> None:
        self._element += piece
        if len(self._element) > MAX_ELEMENT:
            raise ProviderError(
                f"The server sent an element of more than {MAX_ELEMENT // (1024 * 1024)} MiB",
                kind="protocol",
                hint="Ask again; if it stays so, the endpoint does not speak this protocol.",
            )


def _nothing_more(rest: bytes) -> None:
    if rest.strip():
        raise _not_an_array()


def _not_an_array() -> ProviderError:
    return ProviderError(
        "The server sent something that is not one JSON array",
        kind="protocol",
        hint="Check that base_url and protocol belong together.",
    )
