"""JSON values on lines of their own, however the network cut them (Ollama's streams)."""

from __future__ import annotations

from koi.core.errors import ProviderError
from koi.net.framing import StreamEvent
from koi.net.json_text import is_cut_short

MAX_LINE = 16 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class NdjsonDecoder:
    """Feed it chunks; the lines are the same for every chunking. Lines end at LF or CRLF."""

    __slots__ = ("_at_start", "_pending", "_pending_size")

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        """Pieces of the line that has not ended yet."""
        self._pending_size = 0
        self._at_start = True

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The lines that `chunk` completes. Raises ProviderError (protocol) past MAX_LINE bytes."""
        if b"\n" not in chunk:
            self._keep(chunk)
            return []
        self._pending.append(chunk)
        lines = b"".join(self._pending).split(b"\n")
        self._pending.clear()
        self._pending_size = 0
        self._keep(lines.pop())
        return [event for line in lines if (event := self._event(line)) is not None]

    def finish(self) -> list[StreamEvent]:
        """The last line, if only its line end was missing. One that was cut off is dropped.

        Whether the answer is complete is for its parser to say, and what else is wrong with it.
        """
        event = self._event(b"".join(self._pending))
        self._pending.clear()
        self._pending_size = 0
        if event is None:
            return []
        return [] if is_cut_short(event.data) else [event]

    def _event(self, line: bytes) -> StreamEvent | None:
        if len(line) > MAX_LINE:
            raise _too_long()
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BOM)
        line = line.strip()
        return StreamEvent("", line) if line else None

    def _keep(self, rest: bytes) -> None:
        if not rest:
            return
        self._pending.append(rest)
        self._pending_size += len(rest)
        if self._pending_size > MAX_LINE:
            raise _too_long()


def _too_long() -> ProviderError:
    return ProviderError(
        f"The server sent a line of more than {MAX_LINE // (1024 * 1024)} MiB",
        kind="protocol",
        hint="Ask again; if it stays so, the endpoint does not speak this protocol.",
    )
