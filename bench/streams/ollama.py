"""Ollama, whose tool calls come whole."""

from __future__ import annotations

from collections.abc import Iterator

from bench.streams.pieces import SENTENCE, Messages, encode, shares, words


def _ollama_line(message: dict[str, object], **more: object) -> bytes:
    line = {"model": "qwen3.6:latest", "created_at": "2026-08-07T06:08:14.947137Z"}
    whole = line | {"message": {"role": "assistant", "content": ""} | message, **more}
    return encode({"done": False} | whole) + b"\n"


def _ollama_end(count: int) -> bytes:
    counts = {"prompt_eval_count": 21, "eval_count": count, "total_duration": 8625649709}
    return _ollama_line({}, done=True, done_reason="stop", **counts)


def stream(count: int) -> Iterator[bytes]:
    """The messages of an answer."""
    thinking, text, _ = shares(count)
    for word in words(thinking):
        yield _ollama_line({"thinking": word})
    for word in words(text):
        yield _ollama_line({"content": word})
    for _ in range(count - thinking - text):
        function = {"name": "write_file", "arguments": {"path": "notes.md", "content": SENTENCE}}
        yield _ollama_line({"tool_calls": [{"function": function}]})
    yield _ollama_end(count)


def spoken(said: list[str]) -> tuple[bytes, Messages, bytes]:
    """An answer of text alone: its beginning, its messages, its end."""
    return _ollama_line({}), [_ollama_line({"content": one}) for one in said], _ollama_end(1)
