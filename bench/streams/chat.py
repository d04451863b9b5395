"""OpenAI chat completions, with the thinking of compatible servers."""

from __future__ import annotations

from collections.abc import Iterator

from bench.streams.pieces import CALLS, Messages, fragments, padding, shares, sse, words

_ID = "chatcmpl-DuLYwZ1HseuIZItghoKIrUbk69X6t"


def _chat_chunk(delta: object, number: int = 0, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return sse(_chat_envelope([choice]) | {"usage": None, "obfuscation": padding(number)})


def _chat_envelope(choices: list[object]) -> dict[str, object]:
    return {
        "id": _ID,
        "object": "chat.completion.chunk",
        "created": 1782321626,
        "model": "gpt-5-mini-2025-08-07",
        "service_tier": "default",
        "system_fingerprint": "fp_8a1b2c3d4e",
        "choices": choices,
    }


def _chat_end(finish: str, count: int) -> Iterator[bytes]:
    yield _chat_chunk({}, finish=finish)
    usage = {"prompt_tokens": 176, "completion_tokens": count, "total_tokens": 176 + count}
    yield sse(_chat_envelope([]) | {"usage": usage})
    yield b"data: [DONE]\n\n"


def stream(count: int) -> Iterator[bytes]:
    """The messages of an answer."""
    thinking, text, each = shares(count)
    yield _chat_chunk({"role": "assistant", "content": ""})
    for number, word in enumerate(words(thinking)):
        yield _chat_chunk({"reasoning_content": word}, number)
    for number, word in enumerate(words(text)):
        yield _chat_chunk({"content": word}, number)
    for call in range(CALLS):
        function = {"name": "write_file", "arguments": ""}
        opened = {"index": call, "id": f"call_{call}", "type": "function", "function": function}
        yield _chat_chunk({"tool_calls": [opened]}, call)
        for number, piece in enumerate(fragments(each)):
            more = {"index": call, "function": {"arguments": piece}}
            yield _chat_chunk({"tool_calls": [more]}, number)
    yield from _chat_end("tool_calls", count)


def spoken(said: list[str]) -> tuple[bytes, Messages, bytes]:
    """An answer of text alone: its beginning, its messages, its end."""
    start = _chat_chunk({"role": "assistant", "content": ""})
    pieces = [_chat_chunk({"content": one}) for one in said]
    return start, pieces, b"".join(_chat_end("stop", 1))
