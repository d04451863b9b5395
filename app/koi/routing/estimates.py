"""How many tokens a request will have, before it is sent.

Two figures: `likely` is shown to people, `most` is what a budget reserves.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import msgspec

from koi.core.messages import (
    Image,
    Message,
    ModelRequest,
    Opaque,
    Part,
    ProviderData,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from koi.core.references import ModelReference
from koi.core.usage import Price, Usage

_LIKELY_PER_BYTE = 1 / 4
_MOST_PER_BYTE = 1 / 2
"""Digits, base64 and rare scripts take hardly more."""
_MOST_AROUND = 512
"""Tokens that providers may add of their own, as instructions for tools."""
_LIKELY_IMAGE, _MOST_IMAGE = 1_600, 5_000
"""Tokens: providers count between 260 and 5,000 for a picture of usual size."""
_MESSAGE_BYTES = 12
"""For what stands around a message."""

_encoder = msgspec.json.Encoder()


class RequestSize(msgspec.Struct, frozen=True):
    """What can be counted of a request without knowing the model: text in UTF-8, and pictures."""

    text_bytes: int = 0
    images: int = 0

    def __add__(self, other: RequestSize) -> RequestSize:
        return RequestSize(self.text_bytes + other.text_bytes, self.images + other.images)


class InputTokens(msgspec.Struct, frozen=True):
    """Tokens of the input: the best guess, and what it will hardly exceed."""

    likely: int
    most: int


class _Counted(msgspec.Struct, frozen=True):
    size: RequestSize
    tokens: int

    @property
    def per_byte(self) -> float:
        text = max(0, self.tokens - self.size.images * _LIKELY_IMAGE)
        return text / self.size.text_bytes if self.size.text_bytes else 0.0


class Estimates:
    """Learns from what providers counted: of a conversation that grows only the new is guessed."""

    def __init__(self) -> None:
        self._counted: dict[tuple[ModelReference, str], _Counted] = {}
        self._measured: tuple[tuple[Message, ...], RequestSize] = ((), RequestSize())
        """The messages that were measured last: mostly the next ones begin with them."""

    def measure(self, request: ModelRequest) -> RequestSize:
        """The size of a request; fast for a conversation that grows."""
        before, size = self._measured
        if request.messages[: len(before)] != before:
            before, size = (), RequestSize()
        size += messages_size(request.messages[len(before) :])
        self._measured = (request.messages, size)
        return size + _frame_size(request)

    def learn(self, model: ModelReference, role: str, size: RequestSize, usage: Usage) -> None:
        """A provider counted a request. What koi itself estimated teaches nothing."""
        tokens = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
        if tokens and not usage.estimated:
            self._counted[model, role] = _Counted(size, tokens)

    def tokens(self, model: ModelReference, role: str, size: RequestSize) -> InputTokens:
        """The input tokens of a request to a model.

        Without a count of the same model yet: a token for four bytes, at most one for two and what
        the provider adds. With one: what was counted, and the new bytes at the rate that was seen;
        the most that is reserved never counts on a better rate than one for two.
        """
        counted = self._counted.get((model, role))
        if counted is None:
            return InputTokens(
                ceil(size.text_bytes * _LIKELY_PER_BYTE) + size.images * _LIKELY_IMAGE,
                _most(size, _MOST_PER_BYTE),
            )
        likely = counted.per_byte or _LIKELY_PER_BYTE
        most = max(likely, _MOST_PER_BYTE)
        new = size.text_bytes - counted.size.text_bytes
        pictures = size.images - counted.size.images
        if new < 0 or pictures < 0:  # another conversation, or it was made shorter
            return InputTokens(
                ceil(size.text_bytes * likely) + size.images * _LIKELY_IMAGE,
                _most(size, most),
            )
        return InputTokens(
            counted.tokens + ceil(new * likely) + pictures * _LIKELY_IMAGE,
            counted.tokens + ceil(new * most) + pictures * _MOST_IMAGE,
        )


def _most(size: RequestSize, per_byte: float) -> int:
    return _MOST_AROUND + ceil(size.text_bytes * per_byte) + size.images * _MOST_IMAGE


def input_tokens(request: ModelRequest) -> int:
    """The likely input tokens of a request to a model of which nothing is known."""
    return likely_tokens(request_size(request))


def likely_tokens(size: RequestSize) -> int:
    """The likely tokens of a text when nothing is known of the model."""
    return ceil(size.text_bytes * _LIKELY_PER_BYTE) + size.images * _LIKELY_IMAGE


def most_input_usd(price: Price, tokens: int) -> float:
    """USD for so many input tokens, all of them written to a cache where that is dearer."""
    return tokens * max(price.input_per_mtok, price.cache_write_per_mtok or 0.0) / 1_000_000


def request_size(request: ModelRequest) -> RequestSize:
    """System prompt, tools and messages, as far as they are sent."""
    return _frame_size(request) + messages_size(request.messages)


def _frame_size(request: ModelRequest) -> RequestSize:
    return RequestSize(_length(request.system) + len(_encoder.encode(request.tools)))


def messages_size(messages: Sequence[Message]) -> RequestSize:
    """Messages, as far as they are sent."""
    total, images = len(messages) * _MESSAGE_BYTES, 0
    for message in messages:
        for part in message.parts:
            total += _part_bytes(part)
            match part:
                case Image():
                    images += 1
                case ToolResult(images=shown):
                    images += len(shown)
                case _:
                    pass
    return RequestSize(total, images)


def _part_bytes(part: Part) -> int:
    match part:
        case Text(text, data) | Reasoning(text, data):
            return _length(text) + _data_bytes(data)
        case ToolCall():
            arguments = part.arguments_raw.encode()
            if part.arguments is not None:
                arguments = _encoder.encode(part.arguments)
            known = len(part.name) + len(part.id) + _data_bytes(part.provider_data)
            return known + len(arguments)
        case ToolResult():
            return _length(part.content) + len(part.call_id)
        case Opaque(data):
            return _data_bytes(data)
        case Image():
            return 0


def _data_bytes(data: ProviderData | None) -> int:
    return 0 if data is None else len(_encoder.encode(data.data))


def _length(text: str) -> int:
    """Bytes in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
