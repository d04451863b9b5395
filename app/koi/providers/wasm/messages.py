"""The JSON that koi and a plugin exchange. docs/wasm-plugins.md explains it to authors."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from koi.core.messages import JsonObject
from koi.core.provider_events import FinishReason
from koi.core.usage import Usage

Tokens: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
RefusalKind: TypeAlias = Literal[
    "auth",
    "billing",
    "rate_limit",
    "overloaded",
    "bad_request",
    "context_overflow",
    "tools_unsupported",
    "model_not_found",
    "content_policy",
    "protocol",
]
"""What a plugin may say of an error that it understood."""


class Refusal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An error that the plugin found, in its words."""

    kind: RefusalKind
    message: str


class BuiltRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What build_request answers: a request, or `error` alone."""

    path: str = ""
    headers: dict[str, str] = {}
    body: JsonObject | None = None
    error: Refusal | None = None


class TextEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="text"):
    """More visible text."""

    text: str


class ReasoningEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="reasoning"):
    """More thinking; `data` is what the provider wants back with it."""

    text: str = ""
    data: JsonObject | None = None


class ToolCallEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="tool_call"):
    """A call, or more of the arguments of the call with the same index."""

    index: Annotated[int, msgspec.Meta(ge=0, lt=256)]
    id: str = ""
    name: str = ""
    arguments: str | JsonObject = ""


class UsageEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="usage"):
    """Counted tokens; the last one counts. `input_tokens` is without those of the cache."""

    input_tokens: Tokens = 0
    cache_read_tokens: Tokens = 0
    cache_write_tokens: Tokens = 0
    output_tokens: Tokens = 0
    reasoning_tokens: Tokens = 0

    def usage(self) -> Usage:
        """The same count in koi's form."""
        return Usage(
            self.input_tokens,
            self.cache_read_tokens,
            self.cache_write_tokens,
            self.output_tokens,
            self.reasoning_tokens,
        )


class EndedEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="ended"):
    """The answer is complete. Nothing may follow."""

    finish_reason: FinishReason
    raw: str | None = None
    """The reason in the provider's own word."""
    model: str | None = None


class ErrorEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="error"):
    """The answer is an error."""

    kind: RefusalKind
    message: str


PluginEvent: TypeAlias = (
    TextEvent | ReasoningEvent | ToolCallEvent | UsageEvent | EndedEvent | ErrorEvent
)


class ParsedEvents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What parse_event answers."""

    events: tuple[PluginEvent, ...]


class GivenEvent(msgspec.Struct, frozen=True):
    """What parse_event is given: one event of the stream, or a whole answer."""

    name: str
    data: str
    whole: bool = False
