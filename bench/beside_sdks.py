"""koi beside the official SDKs: the same bytes, the same transport, taking turns in one process.

In memory: both read the same chunks from an in-memory answer of their HTTP library (botocore from
an in-memory body), so that what is measured is decoding and parsing. Over loopback: a whole request
to a server in another process. The SDK's part is its plain stream of events, without the helpers
that put an answer together; koi's part always includes that, as its last event has the whole
answer.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing, contextmanager

import httpx
import msgspec

from bench.figures import Figure, Spread
from bench.replay import TYPES, Pace, blocks, replayed
from bench.sdks import SDKS, Ask, Chunks, Sdk
from bench.streams.all import messages
from koi.catalogue.rows import Protocol
from koi.core.messages import Message, ModelRequest, Text
from koi.core.provider_events import ReasoningDelta, StreamEnded, TextDelta
from koi.credentials.endpoint import Endpoint
from koi.net.client import HttpAnswer
from koi.net.timeouts import ReadGuard
from koi.providers.answer_reader import AnswerReader
from koi.providers.formats import wire_format
from koi.providers.http_provider import HttpProvider
from koi.providers.wire.request import WireOptions

PROTOCOLS: tuple[Protocol, ...] = (
    "openai-chat",
    "openai-responses",
    "anthropic",
    "gemini",
    "bedrock",
    "ollama",
)
WITH_GOAL = frozenset(PROTOCOLS) - {"ollama"}
"""Ollama's client does next to nothing for a line: json.loads and one small pydantic object."""
TIMES_FASTER = 5.0
LATENCY_MS = 2.0
REQUEST = ModelRequest("model", (Message("user", (Text("hello"),)),))
See = Callable[[str], None]
"""Is told the text or thought of each event, in turn."""
Run = Callable[[See | None], Awaitable[None]]
"""Reads one answer to its end."""


def measure(runs: int) -> list[Figure]:
    """How many times faster koi is, and the latency of single events."""
    return asyncio.run(_measure(PROTOCOLS, runs))


async def _measure(protocols: tuple[Protocol, ...], runs: int) -> list[Figure]:
    figures: list[Figure] = []
    for protocol in protocols:
        body = messages(protocol)
        goal = TIMES_FASTER if protocol in WITH_GOAL else None
        figures += [
            await _in_memory(protocol, blocks(body), "in blocks of 16 KiB", goal, runs),
            await _in_memory(protocol, body, "one a chunk", None, runs),
            await _over_loopback(protocol, "blocks", "in blocks of 16 KiB", runs),
            await _over_loopback(protocol, "events", "one a chunk", runs),
            *await _latencies(protocol, runs),
        ]
    return figures


async def _in_memory(
    protocol: Protocol, chunks: Chunks, how: str, goal: float | None, runs: int
) -> Figure:
    """By processor time: nothing is waited for, and other load matters little."""
    sdk = SDKS[protocol]
    pair = _Pair(sdk, _koi_memory(protocol, chunks), lambda: sdk.from_memory(chunks))
    rates = await pair.rates(len(messages(protocol)), runs, time.process_time)
    return rates.figure(f"{protocol}: decode and parse, {how}", goal)


async def _over_loopback(protocol: Protocol, pace: Pace, how: str, runs: int) -> Figure:
    """By the clock: connection, request, transport, decoding, parsing."""
    sdk = SDKS[protocol]
    with replayed(protocol, pace) as port:
        url = f"http://127.0.0.1:{port}"
        pair = _Pair(sdk, _koi_server(protocol, url), lambda: sdk.at_server(url))
        rates = await pair.rates(len(messages(protocol)), runs, time.perf_counter)
    return rates.figure(f"{protocol}: request over loopback, {how}", None)


async def _latencies(protocol: Protocol, runs: int) -> list[Figure]:
    """From the moment that stands in a message to the moment when its event came out."""
    sdk = SDKS[protocol]
    with replayed(protocol, "slowly") as port:
        url = f"http://127.0.0.1:{port}"
        pair = _Pair(sdk, _koi_server(protocol, url), lambda: sdk.at_server(url))
        answers = await pair.delays(3 * runs)
    figures = []
    for what, part in (("first event", slice(0, 1)), ("later events", slice(1, None))):
        told = []
        for label, found in answers.items():
            delays = sorted(delay for answer in found for delay in answer[part])
            late = delays[int(0.95 * len(delays))]
            told.append((label, statistics.median(delays), late, len(delays)))
        note = "; ".join(f"{label} {middle:.2f}, p95 {late:.2f}" for label, middle, late, _ in told)
        name = f"{protocol}: byte on the socket to {what}"
        note = f"{note} ms; {told[0][3]} x"
        figures.append(Figure(name, told[0][1], "ms", LATENCY_MS, note=note))
    return figures


class _Rates(msgspec.Struct, frozen=True):
    """Messages a second, round by round."""

    label: str
    koi: Spread
    sdk: Spread | None

    def figure(self, name: str, goal: float | None) -> Figure:
        """How many times faster koi is; its own rate when the SDK is not there."""
        if self.sdk is None:
            note = f"{self.label} is not installed; {self.koi.note('/s')}"
            return Figure(f"{name}: koi alone", self.koi.median, "/s", note=note)
        ratios = Spread(
            tuple(
                mine / other for mine, other in zip(self.koi.values, self.sdk.values, strict=True)
            )
        )
        note = f"koi {self.koi.median:,.0f}/s, {self.label} {self.sdk.median:,.0f}/s"
        note = f"{note}; {ratios.note('x')}"
        return Figure(f"{name}: koi / SDK", ratios.median, "x", goal, True, note)


class _Pair:
    """koi and an SDK at the same source, taking turns."""

    def __init__(self, sdk: Sdk, koi: Run, ask: Callable[[], Ask]) -> None:
        self._sdk = sdk
        self._koi = koi
        self._other = _sdk(sdk, ask()) if sdk.installed else None

    async def rates(self, count: int, runs: int, clock: Callable[[], float]) -> _Rates:
        """Messages a second, after a round in which the texts are compared."""
        said = await _text(self._koi)
        if self._other is not None:
            assert said == await _text(self._other), f"{self._sdk.label} read another text"
        mine, others = [], []
        with _quiet():
            for _ in range(runs):
                mine.append(count / await _seconds(self._koi, clock))
                if self._other is not None:
                    others.append(count / await _seconds(self._other, clock))
        beside = Spread(tuple(others)) if others else None
        return _Rates(self._sdk.label, Spread(tuple(mine)), beside)

    async def delays(self, answers: int) -> dict[str, list[list[float]]]:
        """The delays of each answer's messages in milliseconds, without a first answer."""
        found: dict[str, list[list[float]]] = {"koi": []}
        with _quiet():
            for _ in range(answers + 1):
                found["koi"].append(await _delays(self._koi))
                if self._other is not None:
                    delays = await _delays(self._other)
                    found.setdefault(self._sdk.label, []).append(delays)
        return {label: some[1:] for label, some in found.items()}


async def _delays(run: Run) -> list[float]:
    found: list[float] = []

    def see(said: str) -> None:
        now = time.perf_counter_ns()
        if said.isdecimal():
            found.append((now - int(said)) / 1e6)

    await run(see)
    return found


async def _seconds(run: Run, clock: Callable[[], float]) -> float:
    gc.collect()
    started = clock()
    await run(None)
    return clock() - started


async def _text(run: Run) -> str:
    said: list[str] = []
    await run(said.append)
    return "".join(said)


@contextmanager
def _quiet() -> Iterator[None]:
    """What is already there is not looked at by the garbage collector."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _koi_memory(protocol: Protocol, chunks: Chunks) -> Run:
    chosen = wire_format(protocol)

    class Body(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

    kind = TYPES.get(protocol, "text/event-stream")

    async def run(see: See | None) -> None:
        request = httpx.Request("POST", "http://127.0.0.1:9")
        response = httpx.Response(
            200, headers={"content-type": kind}, stream=Body(), request=request
        )
        guard = ReadGuard(60.0)
        answer = HttpAnswer(response, guard, 60.0)
        reader = AnswerReader(answer, chosen.parser(WireOptions("family")), chosen.framing)
        last: object = None
        while (events := await reader.next()) is not None:
            for last in events:
                if see is not None and isinstance(last, TextDelta | ReasoningDelta):
                    see(last.delta)
        guard.close()
        assert isinstance(last, StreamEnded)

    return run


def _koi_server(protocol: Protocol, url: str) -> Run:
    provider = HttpProvider(Endpoint("bench", protocol, url))

    async def run(see: See | None) -> None:
        last: object = None
        async with aclosing(provider.stream(REQUEST)) as stream:
            async for last in stream:
                if see is not None and isinstance(last, TextDelta | ReasoningDelta):
                    see(last.delta)
        assert isinstance(last, StreamEnded)

    return run


def _sdk(sdk: Sdk, ask: Ask) -> Run:
    async def run(see: See | None) -> None:
        stream = await ask()
        if isinstance(stream, AsyncIterable):
            async for event in stream:
                if see is not None:
                    see(sdk.text(event))
            return
        assert isinstance(stream, Iterable)
        for event in stream:
            if see is not None:
                see(sdk.text(event))

    return run
