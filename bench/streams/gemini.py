"""Gemini, as server-sent events and as one array. Its chunks hold more text than a word."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bench.streams.pieces import PADDING, SENTENCE, Messages, encode, shares, words


def _gemini_chunk(number: int, *parts: object, finish: str | None = None) -> dict[str, object]:
    candidate: dict[str, object] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    usage = {
        "promptTokenCount": 249,
        "candidatesTokenCount": number,
        "totalTokenCount": 249 + number,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 249}],
        "thoughtsTokenCount": 183,
    }
    return {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": "gemini-3-flash-preview",
        "responseId": "_vr4aYiWEJnYodAPkujX0QM",
    }


def _gemini_chunks(count: int) -> Iterator[dict[str, object]]:
    thinking, text, _ = shares(count)
    for number, word in enumerate(words(thinking)):
        yield _gemini_chunk(number, {"text": 4 * word, "thought": True})
    for number, word in enumerate(words(text)):
        yield _gemini_chunk(thinking + number, {"text": 4 * word})
    calls = count - thinking - text
    for number in range(calls):
        call = {"name": "write_file", "args": {"path": "notes.md", "content": SENTENCE}}
        yield _gemini_chunk(count, {"functionCall": call | {"id": f"call_{number}"}})
    signed = {"text": "", "thoughtSignature": PADDING * 12}
    yield _gemini_chunk(count, signed, finish="STOP")


def stream(count: int) -> Iterator[bytes]:
    """The messages of an answer."""
    for chunk in _gemini_chunks(count):
        yield b"data: %s\r\n\r\n" % encode(chunk)


def array(count: int) -> Iterator[bytes]:
    """Without alt=sse: one array, indented by two."""
    before = b"["
    for chunk in _gemini_chunks(count):
        yield before + msgspec.json.format(encode(chunk), indent=2)
        before = b"\n,\n"
    yield b"\n]"


def spoken(said: list[str]) -> tuple[bytes, Messages, bytes]:
    """An answer of text alone: its beginning, its messages, its end."""
    make = [_gemini_chunk(1, {"text": one}) for one in ["", *said]]
    make.append(_gemini_chunk(1, {"text": ""}, finish="STOP"))
    start, *pieces, end = (b"data: %s\r\n\r\n" % encode(chunk) for chunk in make)
    return start, pieces, end
