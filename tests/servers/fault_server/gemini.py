"""Scripted answers as the chunks of Gemini. Its tool calls come whole, and there is no end marker.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.servers.answers import Answer, JsonObject, MarkedEvent, pieces, text_pieces


def events(model: str, answer: Answer) -> Iterator[MarkedEvent]:
    """The events of a streamed answer, each with what it brings."""

    def chunk(part: JsonObject | None, **more: object) -> bytes:
        parts = [] if part is None else [part]
        candidate = {"index": 0, "content": {"role": "model", "parts": parts}}
        finish = {key: more.pop(key) for key in ("finishReason",) if key in more}
        whole = {"candidates": [candidate | finish], "modelVersion": model} | more
        return b"data: " + json.dumps(whole).encode() + b"\r\n\r\n"

    yield "start", chunk({"text": ""})
    for piece in pieces(answer.reasoning, answer.piece):
        yield "reasoning", chunk({"text": piece, "thought": True})
    for piece in text_pieces(answer):
        yield "text", chunk({"text": piece})
    for call in answer.calls:
        wanted = {"id": call.id, "name": call.name, "args": json.loads(call.raw)}
        yield "called", chunk({"functionCall": wanted})
    usage = {
        "promptTokenCount": answer.input_tokens + answer.cached_tokens,
        "cachedContentTokenCount": answer.cached_tokens,
        "candidatesTokenCount": answer.output_tokens,
    }
    yield "usage", chunk(None, finishReason="STOP", usageMetadata=usage)
