"""The streams by protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench.streams import anthropic, bedrock, chat, gemini, ollama, responses
from bench.streams.pieces import COUNT, Messages

_STREAMS: dict[str, Callable[[int], Iterator[bytes]]] = {
    "openai-chat": chat.stream,
    "openai-responses": responses.stream,
    "anthropic": anthropic.stream,
    "gemini": gemini.stream,
    "gemini-array": gemini.array,
    "bedrock": bedrock.stream,
    "ollama": ollama.stream,
}
_SPOKEN: dict[str, Callable[[list[str]], tuple[bytes, Messages, bytes]]] = {
    "openai-chat": chat.spoken,
    "openai-responses": responses.spoken,
    "anthropic": anthropic.spoken,
    "gemini": gemini.spoken,
    "bedrock": bedrock.spoken,
    "ollama": ollama.spoken,
}


def messages(protocol: str) -> Messages:
    """An answer of at least COUNT messages, with their framing: the same bytes every time."""
    return list(_STREAMS[protocol](COUNT))


def with_text(protocol: str, said: list[str]) -> tuple[bytes, Messages, bytes]:
    """An answer of text alone: its beginning, one message for each of `said`, and its end."""
    return _SPOKEN[protocol](said)
