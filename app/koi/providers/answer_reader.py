"""Reads one answer in whatever form it came: an event stream, one JSON value, or a web page."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from koi.core.errors import ProviderError
from koi.core.messages import Part
from koi.core.provider_events import ProviderEvent
from koi.net.client import HttpAnswer
from koi.net.errors import page_error
from koi.net.framing import Framing, StreamEvent
from koi.net.json_text import decode_object, is_cut_short
from koi.providers.wire.parser import StreamParser

END_OF_BODY_S = 1.0
"""How long a body may stay open after its end marker, in seconds."""
MAX_STREAM = 256 * 1024 * 1024
"""Bytes of a streamed answer: ten times the longest of today's models, one token an event."""
_BOM = b"\xef\xbb\xbf"


class AnswerReader:
    """Pulls chunks, and turns them into events until the answer is complete.

    `framing` chooses the decoder by the first byte of the body, as content types are often wrong.
    With `aside` the parser works in a thread beside the event loop, one piece after the other.
    """

    def __init__(
        self,
        answer: HttpAnswer,
        parser: StreamParser,
        framing: Callable[[bytes], Framing | None],
        *,
        aside: bool = False,
    ) -> None:
        self._answer = answer
        self._parser = parser
        self._framing = framing
        self._aside = aside
        self._abandoned = False
        self._decoder: Framing | None = None
        self._failure: ProviderError | None = None
        """Raised after the events that came before it."""
        self._finished = False
        self._damaged = False
        """The body came to its end, and cannot be read."""
        self._size = 0

    async def next(self) -> Sequence[ProviderEvent] | None:
        """Some more events, None after the last. Raises ProviderError, also for a cut answer."""
        if self._failure is not None:
            raise self._failure
        if self._finished:
            with contextlib.suppress(ProviderError):
                await self._drain()
            return None
        if self._parser.done:
            # Only formats that end with their body come here: a body that breaks off now raises.
            await self._drain()
            return self._finish([])
        if self._decoder is None:
            return await self._first()
        chunk = await self._answer.next_chunk()
        if chunk is None:
            return await self._work(self._at_end_of_body)
        self._count(chunk)
        return await self._feed(chunk)

    def is_answer(self, error: ProviderError) -> bool:
        """Whether it was an answer that failed: not a web page, another protocol, or endless data.

        Only then is it on the bill, and only then may asking again help.
        """
        stream = self._decoder is not None and self._size <= MAX_STREAM
        return error.kind != "protocol" or stream or self._damaged

    def kept(self) -> tuple[Part, ...]:
        """Of a stream that broke off: the parts up to its last complete call, () without one."""
        return () if self._decoder is None else self._parser.kept()

    async def _first(self) -> Sequence[ProviderEvent]:
        start = b""
        while not (first := _first_byte(start)):
            chunk = await self._answer.next_chunk()
            if chunk is None:
                return self._finish([])
            self._count(chunk)
            start = _without_blanks(start + chunk)
        if first == b"<":
            page = await self._answer.read(start)
            raise page_error(self._answer.status, page, self._answer.headers, self._answer.host)
        self._decoder = self._framing(first)
        if self._decoder is None:
            body = await self._answer.read(start)
            self._damaged = True
            answer = decode_object(body)
            self._damaged = False
            return await self._work(lambda: self._finish(self._parser.whole(answer)))
        return await self._feed(start)

    def _count(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > MAX_STREAM:
            raise ProviderError(
                f"The answer is larger than {MAX_STREAM // (1024 * 1024)} MiB",
                kind="protocol",
                hint="Ask again; if it stays so, the endpoint does not speak this protocol.",
            )

    async def _feed(self, chunk: bytes) -> Sequence[ProviderEvent]:
        assert self._decoder is not None
        found = self._decoder.feed(chunk)
        if not found:
            return ()
        self._answer.data_seen()
        return await self._work(lambda: self._take(found))

    async def _work(self, step: Callable[[], Sequence[ProviderEvent]]) -> Sequence[ProviderEvent]:
        if not self._aside:
            return step()
        try:
            return await asyncio.to_thread(step)
        except asyncio.CancelledError:
            self._abandoned = True
            raise

    def _take(self, found: list[StreamEvent]) -> Sequence[ProviderEvent]:
        events = self._parse(found)
        if self._parser.done and not self._parser.ends_with_body:
            return self._finish(events)
        return events

    def _at_end_of_body(self) -> Sequence[ProviderEvent]:
        """The body ended cleanly: whether the answer did too is for the parser to say.

        An event that only the end of the body completes may be the beginning of one.
        """
        assert self._decoder is not None
        last = self._decoder.finish()
        events = self._parse(last)
        if self._failure is not None and last and _is_beginning(last[-1].data):
            self._failure = None
        return events if self._failure else self._finish(events)

    def _parse(self, found: list[StreamEvent]) -> list[ProviderEvent]:
        events: list[ProviderEvent] = []
        try:
            for message in found:
                if self._abandoned:
                    break
                events.extend(self._parser.feed(message))
        except ProviderError as error:
            self._failure = error
        return events

    def _finish(self, events: list[ProviderEvent]) -> Sequence[ProviderEvent]:
        try:
            events.extend(self._parser.finish())
        except ProviderError as error:
            self._failure = error
        self._finished = True
        return events

    async def _drain(self) -> None:
        """Read to the end of the body, which also keeps the connection for the next request.

        Raises ProviderError when the body breaks off.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_OF_BODY_S):
                while await self._answer.next_chunk() is not None:
                    pass


def _is_beginning(data: bytes) -> bool:
    return b"[DONE]".startswith(data) or is_cut_short(data)


def _without_blanks(start: bytes) -> bytes:
    """`start`, unless it says nothing yet: then what it has of a byte order mark."""
    rest = start.removeprefix(_BOM)
    return start.removesuffix(rest) if rest.isspace() else start


def _first_byte(start: bytes) -> bytes:
    """The first byte that says something, b"" when it has not come yet."""
    if _BOM.startswith(start):
        return b""
    return start.removeprefix(_BOM).lstrip()[:1]
