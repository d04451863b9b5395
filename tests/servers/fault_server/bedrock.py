"""Scripted answers as the messages of Bedrock's ConverseStream.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.net.event_stream_bytes import event
from tests.servers.answers import Answer, JsonObject, Mark, MarkedEvent, pieces, text_pieces


def message(name: str, **fields: object) -> bytes:
    """One message with its checksums."""
    return event(name, json.dumps(fields).encode())


def events(model: str, answer: Answer) -> Iterator[MarkedEvent]:
    """The messages of a streamed answer, each with what it brings. Usage comes last."""

    def block(index: int, mark: Mark, deltas: list[JsonObject]) -> Iterator[MarkedEvent]:
        for delta in deltas:
            yield mark, message("contentBlockDelta", contentBlockIndex=index, delta=delta)
        stop = message("contentBlockStop", contentBlockIndex=index)
        yield ("called" if mark == "arguments" else "between"), stop

    yield "start", message("messageStart", role="assistant")
    index = 0
    if answer.reasoning:
        deltas: list[JsonObject] = [
            {"reasoningContent": {"text": piece}}
            for piece in pieces(answer.reasoning, answer.piece)
        ]
        yield from block(index, "reasoning", deltas)
        index += 1
    if answer.opening or answer.text:
        yield from block(index, "text", [{"text": piece} for piece in text_pieces(answer)])
        index += 1
    for number, call in enumerate(answer.calls, start=index):
        start = {"toolUse": {"toolUseId": call.id, "name": call.name}}
        yield "call", message("contentBlockStart", contentBlockIndex=number, start=start)
        inputs = pieces(call.raw, answer.piece)
        yield from block(number, "arguments", [{"toolUse": {"input": each}} for each in inputs])
    yield "finish", message("messageStop", stopReason="tool_use" if answer.calls else "end_turn")
    usage = {
        "inputTokens": answer.input_tokens,
        "cacheReadInputTokens": answer.cached_tokens,
        "outputTokens": answer.output_tokens,
    }
    yield "usage", message("metadata", usage=usage, metrics={"latencyMs": 1})
