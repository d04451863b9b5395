"""What comes out of every provider, whatever its wire format."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from koi.core.messages import Part, ToolCall
from koi.core.usage import Usage

FinishReason: TypeAlias = Literal[
    "stop", "tool_calls", "length", "content_filter", "refusal", "error", "cancelled"
]


INTERRUPTED: Final = "interrupted"
"""koi's own raw finish reason: the stream broke off, and the calls that were whole are kept."""


class TextDelta(msgspec.Struct, frozen=True, tag="text"):
    """More visible text (refusals included)."""

    delta: str


class ReasoningDelta(msgspec.Struct, frozen=True, tag="reasoning"):
    """More of the model's thinking."""

    delta: str


class ToolCallStarted(msgspec.Struct, frozen=True, tag="tool_call_started"):
    """A call has a name; its arguments still come."""

    id: str
    name: str


class ToolCallDelta(msgspec.Struct, frozen=True, tag="tool_call_delta"):
    """More of the raw arguments of call `id`."""

    id: str
    delta: str


class ToolCallReady(msgspec.Struct, frozen=True, tag="tool_call_ready"):
    """A call is complete on the wire. It may run only after the stream ended with `tool_calls`."""

    call: ToolCall


class UsageReported(msgspec.Struct, frozen=True, tag="usage"):
    """The provider's final count for this request; sent at most once, before StreamEnded."""

    usage: Usage


class StreamEnded(msgspec.Struct, frozen=True, tag="ended"):
    """The end marker was seen: the answer is complete. Nothing follows it.

    `parts` is the whole answer in the provider's order, with its opaque data. A stream that
    never yields this event was cut, and raises ProviderError instead.
    """

    finish_reason: FinishReason
    raw_finish_reason: str | None
    parts: tuple[Part, ...]
    model: str | None = None
    """The model's name as the provider gave it in its answer."""


ProviderEvent: TypeAlias = (
    TextDelta
    | ReasoningDelta
    | ToolCallStarted
    | ToolCallDelta
    | ToolCallReady
    | UsageReported
    | StreamEnded
)
