"""Server-sent events from bytes, however the network cut them.

Lines end at LF, CR or CRLF only: httpx's own line reader also splits at U+2028 and others, which
are legal inside JSON strings. https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

from koi.core.errors import ProviderError
from koi.net.framing import StreamEvent

MAX_LINE = 8 * 1024 * 1024
MAX_EVENT = 16 * 1024 * 1024
_LINE_COST = 40
"""Bytes of memory for a line besides its text: many short ones are as heavy as a long one."""
_BOM = b"\xef\xbb\xbf"


class SseDecoder:
    """Feed it chunks; the events are the same for every chunking. Memory is bounded."""

    __slots__ = (
        "_after_carriage_return",
        "_at_start",
        "_data",
        "_data_size",
        "_events",
        "_name",
        "_pending",
        "_pending_size",
    )

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        """Pieces of the line that has not ended yet."""
        self._pending_size = 0
        self._after_carriage_return = False
        self._at_start = True
        self._name = b""
        self._data: list[bytes] = []
        self._data_size = 0
        self._events: list[StreamEvent] = []

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that `chunk` completes. Raises ProviderError (protocol) past the limits."""
        if self._after_carriage_return and chunk:
            self._after_carriage_return = False
            if chunk[:1] == b"\n":
                chunk = chunk[1:]
        if b"\r" in chunk:
            self._after_carriage_return = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if b"\n" not in chunk:
            self._keep(chunk)
            return []
        if self._pending:
            self._pending.append(chunk)
            chunk = b"".join(self._pending)
            self._pending.clear()
            self._pending_size = 0
        if self._at_start:
            self._at_start = False
            chunk = chunk.removeprefix(_BOM)
        self._events = []
        if self._data or self._name:
            chunk = chunk[self._open_event(chunk) :]
        self._blocks(chunk)
        return self._events

    def finish(self) -> list[StreamEvent]:
        """The event that the end of the body completes, if its blank line was missing."""
        self._events = []
        if self._pending:
            line = b"".join(self._pending)
            self._pending.clear()
            self._line(line.removeprefix(_BOM) if self._at_start else line)
        self._dispatch()
        return self._events

    def _keep(self, rest: bytes) -> None:
        if not rest:
            return
        self._pending.append(rest)
        self._pending_size += len(rest)
        if self._pending_size > MAX_LINE:
            raise _too_large("a line", MAX_LINE)

    def _open_event(self, text: bytes) -> int:
        """Take lines until the event that began in an earlier chunk ends; where the rest begins."""
        position = 0
        while self._data or self._name:
            end = text.find(b"\n", position)
            if end < 0:
                return position
            self._line(text[position:end])
            position = end + 1
        return position

    def _blocks(self, text: bytes) -> None:
        """Take whole events, and keep what is not whole. One split does most of the work."""
        blocks = text.split(b"\n\n")
        rest = blocks.pop()
        events = self._events
        for block in blocks:
            if len(block) > MAX_LINE:
                self._lines(block)
            elif block.startswith(b"data:") and b"\n" not in block:
                events.append(StreamEvent("", block[6 if block[5:6] == b" " else 5 :]))
                continue
            elif block.startswith(b"event: "):
                end = block.find(b"\n")
                if block.startswith(b"data: ", end + 1) and block.find(b"\n", end + 1) < 0:
                    name = block[7:end].decode("utf-8", "replace")
                    events.append(StreamEvent(name, block[end + 7 :]))
                    continue
                self._lines(block)
            else:
                self._lines(block)
            self._dispatch()
        if not rest:
            return
        lines, newline, partial = rest.rpartition(b"\n")
        if newline:
            self._lines(lines)
        self._keep(partial)

    def _lines(self, text: bytes) -> None:
        for line in text.split(b"\n"):
            self._line(line)

    def _line(self, line: bytes) -> None:
        if len(line) > MAX_LINE:
            raise _too_large("a line", MAX_LINE)
        if not line:
            self._dispatch()
            return
        field, _, value = line.partition(b":")
        if field == b"data":
            value = value.removeprefix(b" ")
            self._data.append(value)
            self._data_size += len(value) + _LINE_COST
            if self._data_size > MAX_EVENT:
                raise _too_large("an event", MAX_EVENT)
        elif field == b"event":
            self._name = value.removeprefix(b" ")

    def _dispatch(self) -> None:
        if self._data:
            name = self._name.decode("utf-8", "replace")
            self._events.append(StreamEvent(name, b"\n".join(self._data)))
            self._data = []
            self._data_size = 0
        self._name = b""


def _too_large(what: str, limit: int) -> ProviderError:
    return ProviderError(
        f"The server sent {what} of more than {limit // (1024 * 1024)} MiB",
        kind="protocol",
        hint="Ask again; if it stays so, the endpoint does not speak this protocol.",
    )
