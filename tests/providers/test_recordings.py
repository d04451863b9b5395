"""Recorded answers of real providers equal their oracle, however the network cuts them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from koi.catalogue.rows import Protocol
from koi.cli.probe import Probe
from koi.core.messages import JsonObject, Message, ModelRequest, Text
from koi.core.references import ModelReference
from koi.core.usage import Price
from koi.credentials.endpoint import Endpoint
from koi.providers.http_provider import HttpProvider
from tests.providers.recordings import (
    Expected,
    body_of,
    expected,
    load,
    protocol_of,
    recording_files,
    replayed,
    with_given_ids,
)

FILES = recording_files()
GRADED = [path for path in FILES if load(path)["graded"]]
STREAMS = [path for path in GRADED if load(path)["mode"] == "stream"]
QUESTION = ModelRequest("any-model", (Message("user", (Text("Hello"),)),))
REFERENCE = ModelReference("recorded", "any-model")


def name(path: Path) -> str:
    return path.stem


async def unknown_price(reference: ModelReference) -> Price | None:
    return None


async def probe(url: str, protocol: Protocol, *, stream: bool) -> list[JsonObject]:
    lines: list[JsonObject] = []
    endpoint = Endpoint("recorded", protocol, url)
    provider = HttpProvider(endpoint)
    try:
        await Probe(provider, REFERENCE, unknown_price, lines.append).run(QUESTION, stream=stream)
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
    usage = next((line for line in lines if line["type"] == "usage"), None)
    if wanted.usage is None:
        assert usage is None
        return
    assert usage is not None
    assert usage["input_tokens"] == wanted.usage.input_tokens
    assert usage["cache_read_tokens"] == wanted.usage.cache_read_tokens
    assert usage["cache_write_tokens"] == wanted.usage.cache_write_tokens
    if wanted.usage.reasoning_tokens:
        assert usage["reasoning_tokens"] == wanted.usage.reasoning_tokens
    assert usage["output_tokens"] == wanted.usage.output_tokens


@pytest.mark.parametrize("path", GRADED, ids=name)
@pytest.mark.parametrize("chop", ["whole", (1, 7)], ids=["whole", "chopped"])
async def test_equals_its_oracle(path: Path, chop: object, wire_folder: Path) -> None:
    recording = load(path)
    with replayed(wire_folder, recording, chop=chop, seed=7) as url:
        lines = await probe(url, protocol_of(recording), stream=recording["mode"] == "stream")
    check(lines, expected(recording, wire_folder))


@pytest.mark.parametrize("path", STREAMS, ids=name)
@pytest.mark.parametrize("end", ["close", "reset", "clean"])
async def test_a_cut_stream_is_never_a_complete_answer(
    path: Path, end: str, wire_folder: Path
) -> None:
    recording = load(path)
    body = body_of(recording)
    marker = body.rfind(b'"message_stop"')
    last = marker if marker > 0 else len(body)
    position = random.Random(f"{path.stem}{end}").randrange(1, last)
    with replayed(wire_folder, recording, truncate=position, end=end, seed=7) as url:
        result = (await probe(url, protocol_of(recording), stream=True))[-1]
    if end == "clean" and result["ok"]:
        # A body that ended cleanly after its finish reason is complete, and then nothing lacks.
        wanted = expected(recording, wire_folder)
        calls = with_given_ids(result["tool_calls"], wanted.calls)
        assert (result["text"], calls) == (wanted.text, wanted.calls)
        return
    assert result["ok"] is False
    assert result["error"]


async def test_a_stream_asked_for_is_read_when_it_comes_in_one_piece(wire_folder: Path) -> None:
    path = next(path for path in GRADED if load(path)["mode"] == "json" and "zai" in path.stem)
    recording = load(path)
    with replayed(wire_folder, recording) as url:
        check(
            await probe(url, protocol_of(recording), stream=True), expected(recording, wire_folder)
        )


async def test_one_piece_asked_for_is_read_when_it_comes_as_a_stream(wire_folder: Path) -> None:
    recording = load(STREAMS[0])
    with replayed(wire_folder, recording) as url:
        lines = await probe(url, protocol_of(recording), stream=False)
    check(lines, expected(recording, wire_folder))
