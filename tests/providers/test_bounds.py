"""Servers that send without end, without sense or without pause: each is an error soon."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator

import pytest

from koi.catalogue.rows import Protocol
from koi.core.errors import ErrorKind, ProviderError
from koi.core.messages import Message, ModelRequest, Text
from koi.credentials.endpoint import Endpoint
from koi.net.client import MAX_BODY
from koi.net.timeouts import Timeouts
from koi.providers.answer_reader import MAX_STREAM
from koi.providers.http_provider import HttpProvider

MIB = 1024 * 1024
OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
OPEN = OK + b"connection: close\r\n\r\n"
PACKED = OK + b"content-encoding: gzip\r\nconnection: close\r\n\r\n"
DEEP = b"[" * 100_000 + b"]" * 100_000
REQUEST = ModelRequest("m", (Message("user", (Text("Hello"),)),))


class Endless:
    """Sends a beginning, and then a piece again and again until the client hangs up."""

    def __init__(self, start: bytes, piece: bytes, pause_s: float = 0.0) -> None:
        self._start, self._piece, self._pause_s = start, piece, pause_s
        self.sent = 0
        self._serving: set[asyncio.Task[None]] = set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection, served until it or the test is over."""
        self._serving.add(asyncio.ensure_future(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self._start)
            while self._piece:
                writer.write(self._piece)
                await writer.drain()
                self.sent += len(self._piece)
                await asyncio.sleep(self._pause_s)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """http://127.0.0.1:PORT while the block runs."""
        server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)


async def failure(server: Endless, protocol: Protocol, *, stream: bool = True) -> ProviderError:
    """What becomes of a request to it."""
    async with server.running() as url:
        endpoint = Endpoint("work", protocol, url, timeouts=Timeouts(9, 60, 0.5))
        provider = HttpProvider(endpoint, asks_about_models=False)
        try:
            with pytest.raises(ProviderError) as caught:
                await _read(provider, stream=stream)
        finally:
            await provider.aclose()
    return caught.value


async def _read(provider: HttpProvider, *, stream: bool) -> None:
    async for _ in provider.stream(REQUEST) if stream else provider.complete(REQUEST):
        pass


def event(payload: bytes) -> bytes:
    return b"data: " + payload + b"\n\n"


LINE = b"x" * MIB
CASES: dict[str, tuple[Endless, Protocol, ErrorKind]] = {
    "a line without end": (Endless(OPEN + b"data: {", LINE), "openai-chat", "protocol"),
    "a line of NDJSON without end": (Endless(OPEN + b'{"m":"', LINE), "ollama", "protocol"),
    "an array without end": (Endless(OPEN + b'[{"m":"', LINE), "gemini", "protocol"),
    "a name of an event without end": (
        Endless(OPEN + b"event: ", LINE),
        "anthropic",
        "protocol",
    ),
    "lines without an event": (
        Endless(OPEN, b"data: x\n" * 100_000),
        "openai-responses",
        "protocol",
    ),
    "blanks without end": (Endless(OPEN, b" " * MIB), "openai-chat", "protocol"),
    "nesting without sense": (Endless(OPEN + event(DEEP), b""), "openai-chat", "protocol"),
    "nesting in an object": (
        Endless(OPEN + event(b'{"choices":' + DEEP + b"}"), b""),
        "anthropic",
        "protocol",
    ),
    "headers without end": (Endless(b"HTTP/1.1 200 OK\r\na: ", LINE), "openai-chat", "network"),
    "many headers": (Endless(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n" * 9999), "ollama", "network"),
    "a page without end": (Endless(OPEN + b"<html>", LINE), "openai-chat", "protocol"),
    "an error without end": (
        Endless(b"HTTP/1.1 500 Oh\r\nconnection: close\r\n\r\n{", LINE),
        "openai-chat",
        "overloaded",
    ),
    "comments and no data": (
        Endless(OPEN + event(b'{"choices":[]}'), b": x\n\n", 0.01),
        "openai-chat",
        "timeout",
    ),
    "a byte now and then": (
        Endless(OPEN + event(b'{"choices":[]}'), b":", 0.05),
        "openai-chat",
        "timeout",
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_it_ends_as_an_error_and_little_of_it_is_taken(name: str) -> None:
    server, protocol, kind = CASES[name]
    error = await failure(server, protocol)
    assert error.kind == kind
    assert error.hint
    assert server.sent < MAX_STREAM + 64 * MIB


async def test_a_whole_answer_without_end_is_bounded() -> None:
    server = Endless(OPEN + b'{"choices":"', LINE)
    error = await failure(server, "openai-chat", stream=False)
    assert error.kind == "protocol"
    assert server.sent < MAX_BODY + 16 * MIB


async def test_a_flood_that_was_packed_small_is_bounded() -> None:
    packed = gzip.compress(b"data: " + b"x" * (64 * MIB))
    error = await failure(Endless(PACKED + packed, b""), "openai-chat")
    assert error.kind == "protocol"
