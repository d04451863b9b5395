"""A whole exchange over loopback: time from the socket to the event, and events a second."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing

from bench.decode import MEGABYTE, SENTENCE, recorded_stream
from bench.figures import Figure, Spread
from koi.core.messages import Message, ModelRequest, Text
from koi.core.provider_events import StreamEnded, TextDelta
from koi.credentials.endpoint import Endpoint
from koi.providers.http_provider import HttpProvider
from tests.servers.answers import Answer, events

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
REQUEST = ModelRequest("model", (Message("user", (Text("hello"),)),))


def measure(runs: int) -> list[Figure]:
    """Latency of a first token, and the speed of a long answer."""
    return asyncio.run(_measure(runs))


async def _measure(runs: int) -> list[Figure]:
    delays = Spread(tuple([await _first_token_ms() for _ in range(20 * runs)]))
    stream = recorded_stream(4 * MEGABYTE)
    speeds = Spread(tuple([await _events_per_second(stream) for _ in range(runs)]))
    return [
        Figure("first byte on the socket to event", delays.median, "ms", 2, note=delays.note("ms")),
        Figure("events a second, socket to event", speeds.median, "/s", note=speeds.note("/s")),
    ]


async def _first_token_ms() -> float:
    """The server sends its head first, so that only the path of the token is measured."""
    parts = list(events("openai-chat", "m", Answer(text=SENTENCE, piece=4), with_usage=True))
    written = 0.0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + parts[0])
        await asyncio.sleep(0.02)
        written = time.perf_counter()
        writer.write(b"".join(parts[1:]))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        provider = _provider(server)
        async with aclosing(provider.stream(REQUEST)) as stream:
            async for event in stream:
                if isinstance(event, TextDelta) and event.delta:
                    break
        seen = time.perf_counter()
        await provider.aclose()
    return 1e3 * (seen - written)


async def _events_per_second(stream: bytes) -> float:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + stream)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        provider = _provider(server)
        count, started = 0, time.perf_counter()
        async for event in provider.stream(REQUEST):
            count += 1
            last = event
        seconds = time.perf_counter() - started
        await provider.aclose()
    assert isinstance(last, StreamEnded)
    return count / seconds


def _provider(server: asyncio.Server) -> HttpProvider:
    port = server.sockets[0].getsockname()[1]
    return HttpProvider(Endpoint("bench", "openai-chat", f"http://127.0.0.1:{port}/v1"))
