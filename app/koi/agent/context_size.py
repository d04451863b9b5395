"""How much of a model's context window a conversation takes, as far as lengths tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from koi.core.messages import Message, ModelRequest
from koi.core.seams import ModelInfo
from koi.core.usage import Usage
from koi.routing.estimates import Estimates, input_tokens, likely_tokens, messages_size

BYTES_PER_TOKEN = 4
USUAL_OUTPUT = 8_192
"""Tokens kept free for an answer when the model's limit is not known."""
FULL = 0.85
"""The part of the room for input that may be taken before the conversation is made shorter."""


def fixed_tokens(request: ModelRequest) -> int:
    """Tokens by length of what goes along with every conversation: instructions and tools."""
    return input_tokens(msgspec.structs.replace(request, messages=()))


def message_tokens(messages: Sequence[Message]) -> int:
    """Tokens by length of messages."""
    return likely_tokens(messages_size(messages))


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

    _measuring: Estimates = field(default_factory=Estimates)

    def measure(self, request: ModelRequest) -> int:
        """Tokens by length of a request; fast for a conversation that grows."""
        return likely_tokens(self._measuring.measure(request))

    def learn(self, request: ModelRequest, usage: Usage) -> None:
        """Take over what a provider counted for a request."""
        counted = usage.context_tokens - usage.output_tokens
        if usage.estimated or counted <= 0:
            return
        self.ratio = min(4.0, max(0.25, counted / max(1, self.measure(request))))

    def tokens(self, by_length: int) -> int:
        """Tokens as the provider would count them."""
        return round(by_length * self.ratio)

    def by_length(self, tokens: int) -> int:
        """The opposite: tokens by length of a number of the provider's."""
        return round(tokens / self.ratio)
