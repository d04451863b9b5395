"""Decoding of a stream: raw framing, and all the way to events."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.figures import Figure, Spread
from tests.servers.answers import Answer, events

MEGABYTE = 1_000_000
CHUNK = 16_384
SENTENCE = "The fixture expires at midnight UTC, so the test fails once a day; use a margin. "


def recorded_stream(size: int) -> bytes:
    """A streamed answer of about `size` bytes in the OpenAI format, four characters an event."""
    one = b"".join(events("openai-chat", "model", Answer(text=SENTENCE, piece=4), with_usage=True))
    answer = Answer(text=SENTENCE * (size // len(one)), piece=4)
    return b"".join(events("openai-chat", "model", answer, with_usage=True))


def measure(runs: int) -> list[Figure]:
    """Megabytes per second of framing."""
    from koi.net.sse import SseDecoder

    stream = recorded_stream(8 * MEGABYTE)
    chunks = [stream[start : start + CHUNK] for start in range(0, len(stream), CHUNK)]

    def frame() -> int:
        decoder = SseDecoder()
        return sum(len(decoder.feed(chunk)) for chunk in chunks) + len(decoder.finish())

    seconds, count = _timed(frame, runs)
    speed = Spread(tuple(len(stream) / MEGABYTE / one for one in seconds))
    note = f"{count:,} events of {len(stream) // count} bytes; {speed.note('MB/s')}"
    return [Figure("server-sent events, raw framing", speed.median, "MB/s", 100, True, note)]


def _timed(action: Callable[[], int], runs: int) -> tuple[list[float], int]:
    seconds, count = [], 0
    for _ in range(runs):
        started = time.perf_counter()
        count = action()
        seconds.append(time.perf_counter() - started)
    return seconds, count
