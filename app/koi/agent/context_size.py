"""How much of a model's context window a conversation takes, as far as lengths tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from koi.core.messages import (
    Image,
    JsonObject,
    Message,
    ModelRequest,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from koi.core.seams import ModelInfo
from koi.core.usage import Usage

BYTES_PER_TOKEN = 4
IMAGE_TOKENS = 1_500
USUAL_OUTPUT = 8_192
"""Tokens kept free for an answer when the model's limit is not known."""
FULL = 0.85
"""The part of the room for input that may be taken before the conversation is made shorter."""


def request_tokens(request: ModelRequest) -> int:
    """Tokens by length of everything that a request sends."""
    return fixed_tokens(request) + message_tokens(request.messages)


def fixed_tokens(request: ModelRequest) -> int:
    """Tokens by length of what goes along with every conversation: instructions and tools."""
    return (_length(request.system) + len(msgspec.json.encode(request.tools))) // BYTES_PER_TOKEN


def message_tokens(messages: Iterable[Message]) -> int:
    """Tokens by length of messages."""
    return sum(_part_tokens(part) for message in messages for part in message.parts)


def input_room(info: ModelInfo) -> int | None:
    """Tokens of the window that a request may fill, beside its answer; None when unknown."""
    window = info.context_window
    if window is None:
        return None
    return window - min(info.max_output_tokens or USUAL_OUTPUT, window // 3)


@dataclass(slots=True)
class ContextSize:
    """What the answers of a session have taught about the size of its requests."""

    ratio: float = 1.0
    """Tokens that a provider counted for each token by length."""
    enough: int = 0
    """No compaction before a request is larger than this: the last one could not do better."""

    def learn(self, request: ModelRequest, usage: Usage) -> None:
        """Take over what a provider counted for a request."""
        counted = usage.context_tokens - usage.output_tokens
        if usage.estimated or counted <= 0:
            return
        self.ratio = min(4.0, max(0.25, counted / max(1, request_tokens(request))))

    def tokens(self, by_length: int) -> int:
        """Tokens as the provider would count them."""
        return round(by_length * self.ratio)

    def by_length(self, tokens: int) -> int:
        """The opposite: tokens by length of a number of the provider's."""
        return round(tokens / self.ratio)


def _part_tokens(part: Part) -> int:
    match part:
        case Text() | Reasoning():
            return _length(part.text) // BYTES_PER_TOKEN + 1
        case ToolCall():
            length = len(part.arguments_raw) or _json_length(part.arguments)
            return (len(part.name) + length) // BYTES_PER_TOKEN + 1
        case ToolResult():
            images = len(part.images) * IMAGE_TOKENS
            return _length(part.content) // BYTES_PER_TOKEN + 1 + images
        case Image():
            return IMAGE_TOKENS
        case Opaque():
            return _json_length(part.provider_data.data) // BYTES_PER_TOKEN + 1


def _length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _json_length(value: JsonObject | None) -> int:
    try:
        return len(msgspec.json.encode(value))
    except (UnicodeEncodeError, RecursionError):
        return len(repr(value))
