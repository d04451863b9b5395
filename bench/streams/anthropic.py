"""Anthropic Messages."""

from __future__ import annotations

from collections.abc import Iterator

from bench.streams.pieces import CALLS, PADDING, Messages, encode, fragments, shares, words


def _anthropic_event(kind: str, number: int = 0, **fields: object) -> bytes:
    blanks = b" " * (number * 5 % 16)
    data = encode({"type": kind, **fields})[:-1]
    return b"event: %s\ndata: %s%s}\n\n" % (kind.encode(), data, blanks)


def _block(index: int, start: object, kind: str, key: str, said: list[str]) -> Iterator[bytes]:
    yield _anthropic_event("content_block_start", index=index, content_block=start)
    for number, one in enumerate(said):
        delta = {"type": kind, key: one}
        yield _anthropic_event("content_block_delta", number, index=index, delta=delta)
    if kind == "thinking_delta":
        signature = {"type": "signature_delta", "signature": PADDING * 12}
        yield _anthropic_event("content_block_delta", index=index, delta=signature)
    yield _anthropic_event("content_block_stop", index=index)


def _anthropic_start() -> bytes:
    usage = {"input_tokens": 424, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    message: dict[str, object] = {
        "model": "claude-sonnet-4-20250514",
        "id": "msg_01Js4AMfx5qpTLhwTusnvT68",
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage | {"output_tokens": 1, "service_tier": "standard"},
    }
    return _anthropic_event("message_start", message=message)


def _anthropic_end(reason: str, count: int) -> Iterator[bytes]:
    delta = {"stop_reason": reason, "stop_sequence": None}
    yield _anthropic_event("message_delta", delta=delta, usage={"output_tokens": count})
    yield _anthropic_event("message_stop")


def stream(count: int) -> Iterator[bytes]:
    """The messages of an answer."""
    thinking, text, each = shares(count)
    yield _anthropic_start()
    thought = {"type": "thinking", "thinking": "", "signature": ""}
    yield from _block(0, thought, "thinking_delta", "thinking", words(thinking))
    yield from _block(1, {"type": "text", "text": ""}, "text_delta", "text", words(text))
    for call in range(CALLS):
        use = {"type": "tool_use", "id": f"toolu_{call}", "name": "write_file", "input": {}}
        inputs = fragments(each)
        yield from _block(2 + call, use, "input_json_delta", "partial_json", inputs)
    yield from _anthropic_end("tool_use", count)


def spoken(said: list[str]) -> tuple[bytes, Messages, bytes]:
    """An answer of text alone: its beginning, its messages, its end."""
    first, *pieces, stop = _block(0, {"type": "text", "text": ""}, "text_delta", "text", said)
    return _anthropic_start() + first, pieces, stop + b"".join(_anthropic_end("end_turn", 1))
