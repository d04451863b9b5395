"""Bedrock ConverseStream."""

from __future__ import annotations

from collections.abc import Iterator

from bench.streams.pieces import CALLS, PADDING, Messages, encode, fragments, shares, words
from tests.net.event_stream_bytes import event


def _bedrock_event(name: str, number: int = 0, **fields: object) -> bytes:
    letters = PADDING[: 8 + number * 7 % 48]
    return event(name, encode(fields | {"p": letters}))


def _bedrock_block(index: int, deltas: list[dict[str, object]]) -> Iterator[bytes]:
    for number, delta in enumerate(deltas):
        yield _bedrock_event("contentBlockDelta", number, contentBlockIndex=index, delta=delta)
    yield _bedrock_event("contentBlockStop", contentBlockIndex=index)


def _bedrock_end(reason: str, count: int) -> Iterator[bytes]:
    yield _bedrock_event("messageStop", stopReason=reason)
    usage = {"inputTokens": 424, "outputTokens": count, "totalTokens": 424 + count}
    yield _bedrock_event("metadata", metrics={"latencyMs": 1204}, usage=usage)


def stream(count: int) -> Iterator[bytes]:
    """The messages of an answer."""
    thinking, text, each = shares(count)
    yield _bedrock_event("messageStart", role="assistant")
    thoughts: list[dict[str, object]] = [
        {"reasoningContent": {"text": word}} for word in words(thinking)
    ]
    thoughts.append({"reasoningContent": {"signature": PADDING * 12}})
    yield from _bedrock_block(0, thoughts)
    yield from _bedrock_block(1, [{"text": word} for word in words(text)])
    for call in range(CALLS):
        use = {"toolUse": {"toolUseId": f"tooluse_{call}", "name": "write_file"}}
        yield _bedrock_event("contentBlockStart", contentBlockIndex=2 + call, start=use)
        inputs: list[dict[str, object]] = [{"toolUse": {"input": one}} for one in fragments(each)]
        yield from _bedrock_block(2 + call, inputs)
    yield from _bedrock_end("tool_use", count)


def spoken(said: list[str]) -> tuple[bytes, Messages, bytes]:
    """An answer of text alone: its beginning, its messages, its end."""
    *pieces, stop = _bedrock_block(0, [{"text": one} for one in said])
    start = _bedrock_event("messageStart", role="assistant")
    return start, pieces, stop + b"".join(_bedrock_end("end_turn", 1))
