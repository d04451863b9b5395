"""Framing alone: bytes into events, in the chunks of a full socket and with one event a chunk."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from bench.figures import Figure, Spread
from bench.replay import blocks
from bench.streams.all import messages
from koi.net.event_stream import EventStreamDecoder
from koi.net.framing import Framing
from koi.net.json_array import JsonArrayDecoder
from koi.net.ndjson import NdjsonDecoder
from koi.net.sse import SseDecoder

MEGABYTE = 1_000_000
GOAL = 100
STREAMS: tuple[tuple[str, str, Callable[[], Framing], float | None], ...] = (
    ("openai-chat", "server-sent events", SseDecoder, GOAL),
    ("openai-responses", "server-sent events", SseDecoder, GOAL),
    ("anthropic", "server-sent events", SseDecoder, GOAL),
    ("gemini", "server-sent events", SseDecoder, GOAL),
    ("bedrock", "event stream with both checksums", EventStreamDecoder, GOAL),
    ("ollama", "JSON lines", NdjsonDecoder, GOAL),
    ("gemini-array", "JSON array", JsonArrayDecoder, None),
)


def measure(runs: int) -> list[Figure]:
    """Megabytes per second of processor time. Arrays, which only Gemini sends, have no goal."""
    figures = []
    for protocol, what, decoder, goal in STREAMS:
        body = messages(protocol)
        for how, chunks in (("16 KiB a chunk", blocks(body)), ("one event a chunk", body)):
            speed, count = _speed(decoder, chunks, runs)
            note = f"{count:,} events of {sum(map(len, body)) // count} bytes; {speed.note('MB/s')}"
            name = f"framing, {what} ({protocol}), {how}"
            figures.append(Figure(name, speed.median, "MB/s", goal, True, note))
    return figures


def _speed(make: Callable[[], Framing], chunks: Sequence[bytes], runs: int) -> tuple[Spread, int]:
    size = sum(map(len, chunks))
    speeds, count = [], 0
    for _ in range(runs):
        decoder = make()
        started = time.process_time()
        count = sum(len(decoder.feed(chunk)) for chunk in chunks) + len(decoder.finish())
        speeds.append(size / MEGABYTE / (time.process_time() - started))
    return Spread(tuple(speeds)), count
