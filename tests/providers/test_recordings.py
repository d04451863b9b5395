"""Recorded answers of real providers equal their oracle, however the network cuts them."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable

import pytest

from koi.cli.probe import Probe
from koi.core.messages import JsonObject, Message, ModelRequest, Text
from koi.core.references import ModelReference
from koi.core.usage import Price
from koi.credentials.endpoint import Endpoint
from koi.providers.http_provider import HttpProvider
from tests.providers.oracle import Expected, expected, with_given_ids
from tests.providers.recordings import Recording, more_recordings, own_recordings
from tests.servers.replay_server import Delivery, Ending, ReplayServer

QUESTION = ModelRequest("any-model", (Message("user", (Text("Hello"),)),))
REFERENCE = ModelReference("recorded", "any-model")
OWN, MORE = own_recordings(), more_recordings()
PIECES = [(1, 9), (1, 400), (30, 4000)]
LONG = 20_000
"""Bytes of a stream above which single bytes take more time than they teach."""


def each(
    wanted: Callable[[Recording], bool] = lambda recording: True,
) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """The test for each recording; one that says why not where KOI_WIRE is not set."""
    cases = [pytest.param(found, id=found.id) for found in (*OWN, *MORE) if wanted(found)]
    if "KOI_WIRE" not in os.environ:
        skip = pytest.mark.skip(reason="KOI_WIRE names no folder with recorded provider traffic")
        cases.append(pytest.param(OWN[0], id="more", marks=skip))
    return pytest.mark.parametrize("recording", cases)


async def unknown_price(reference: ModelReference) -> Price | None:
    return None


async def probe(
    recording: Recording, delivery: Delivery, *, stream: bool | None = None
) -> list[JsonObject]:
    """The lines of koi's machine output."""
    lines: list[JsonObject] = []
    with ReplayServer(recording.played(delivery)) as server:
        provider = HttpProvider(Endpoint("recorded", recording.koi_protocol, server.url))
        asked = Probe(provider, REFERENCE, unknown_price, lines.append)
        try:
            await asked.run(QUESTION, stream=recording.streamed if stream is None else stream)
        finally:
            await provider.aclose()
    return lines


def check(lines: list[JsonObject], wanted: Expected) -> None:
    result = lines[-1]
    assert result["type"] == "result"
    assert result["text"] == wanted.text
    assert result["reasoning"] == wanted.reasoning
    for kind in ("text", "reasoning"):
        deltas = [line["delta"] for line in lines if line["type"] == kind]
        assert "".join(str(delta) for delta in deltas) == result[kind]
    error = result["error"]
    if wanted.kind is not None:
        assert isinstance(error, dict)
        assert (error["kind"], error["status"]) == (wanted.kind, wanted.status)
        assert result["ok"] is False
        return
    assert error is None
    assert result["ok"] is True
    assert with_given_ids(result["tool_calls"], wanted.calls) == wanted.calls
    assert result["finish_reason"] == wanted.finish_reason
    assert result["raw_finish_reason"] == wanted.raw_finish_reason
    calls = [line for line in lines if line["type"] == "tool_call"]
    assert len(calls) == (len(wanted.calls) if wanted.finish_reason == "tool_calls" else 0)
    check_usage([line for line in lines if line["type"] == "usage"], wanted)


def check_usage(reported: Iterable[JsonObject], wanted: Expected) -> None:
    counts = [dict(line) for line in reported]
    assert len(counts) == (0 if wanted.usage is None else 1)
    for found in counts:
        assert wanted.usage is not None
        assert found["input_tokens"] == wanted.usage.input_tokens
        assert found["cache_read_tokens"] == wanted.usage.cache_read_tokens
        assert found["cache_write_tokens"] == wanted.usage.cache_write_tokens
        assert found["output_tokens"] == wanted.usage.output_tokens
        if wanted.usage.reasoning_tokens:
            assert found["reasoning_tokens"] == wanted.usage.reasoning_tokens


@each()
async def test_whole(recording: Recording) -> None:
    check(await probe(recording, Delivery()), expected(recording))


@each(lambda recording: len(recording.body) < LONG)
async def test_in_single_bytes(recording: Recording) -> None:
    check(await probe(recording, Delivery(pieces=(1, 1))), expected(recording))


@each()
async def test_in_random_pieces(recording: Recording) -> None:
    for seed, sizes in enumerate(PIECES):
        check(await probe(recording, Delivery(sizes, seed)), expected(recording))


@each(lambda recording: recording.streamed)
@pytest.mark.parametrize("ending", ["close", "reset", "clean"])
async def test_a_cut_stream_is_never_a_complete_answer(
    recording: Recording, ending: Ending
) -> None:
    body, wanted = recording.body, expected(recording)
    marker = body.rfind(b'"message_stop"')
    last = marker if marker > 0 else len(body)
    positions = random.Random(f"{recording.id}{ending}")
    for first in (1, last - last // 8):
        cut = positions.randrange(min(first, last - 1), last)
        result = (await probe(recording, Delivery(cut=cut, ending=ending)))[-1]
        if ending == "clean" and result["ok"]:
            # A body that ended cleanly after its finish reason is complete: then nothing lacks.
            calls = with_given_ids(result["tool_calls"], wanted.calls)
            assert (result["text"], calls) == (wanted.text, wanted.calls)
            continue
        assert result["ok"] is False
        assert result["error"]


@pytest.mark.parametrize(
    "recording", [found for found in OWN if found.protocol == "openai-chat"], ids=lambda r: r.id
)
async def test_the_body_says_whether_it_is_a_stream(recording: Recording) -> None:
    lines = await probe(recording, Delivery(), stream=not recording.streamed)
    check(lines, expected(recording))
