"""The shape of every stream parser, and what parsers share."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Protocol

import msgspec

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject, Part, ProviderData, ToolCall
from koi.core.provider_events import FinishReason, ProviderEvent
from koi.net.framing import StreamEvent

_FINISH_REASONS: dict[str, FinishReason] = {
    "tool_calls": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "content_filter": "content_filter",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
    "sensitive": "content_filter",
    "safety": "content_filter",
    "refusal": "refusal",
    "error": "error",
    "malformed_model_output": "error",
    "malformed_tool_use": "error",
    "network_error": "error",
    "insufficient_system_resource": "error",
    "cancelled": "cancelled",
    "abort": "cancelled",
}
"""Everything else that ends an answer (stop, end_turn, eos, pause_turn, …) means stop."""


class StreamParser(Protocol):
    """Turns what came over the wire into events, piece by piece. Raises ProviderError."""

    ends_with_body: bool
    """True when the answer is complete only after the body ended cleanly."""

    done: bool
    """The end marker was seen: nothing of value follows."""

    def feed(self, event: StreamEvent) -> list[ProviderEvent]:
        """The events that one server-sent event means."""
        ...

    def whole(self, answer: JsonObject) -> list[ProviderEvent]:
        """The events of an answer that came in one piece, without the end."""
        ...

    def finish(self) -> list[ProviderEvent]:
        """The last events. Raises ProviderError (network) when the answer was cut."""
        ...

    def kept(self) -> tuple[Part, ...]:
        """Of an answer that broke off: its parts up to the last call that is surely complete.

        () without one, and when the answer had been cut for another reason already.
        """
        ...


def finish_reason(raw: str | None, *, calls: bool, refused: bool = False) -> FinishReason:
    """The normalised reason. `calls`: the answer holds tool calls; `refused`: refusal text."""
    reason = _FINISH_REASONS.get((raw or "").lower(), "stop")
    if reason not in ("stop", "tool_calls"):
        return reason
    if calls:
        return "tool_calls"
    return "refusal" if refused else "stop"


def up_to_last_call(parts: Iterable[Part | None]) -> tuple[Part, ...]:
    """The parts until, and with, the last call that can be read; () without one."""
    found = [part for part in parts if part is not None]
    while found and not (isinstance(found[-1], ToolCall) and found[-1].arguments is not None):
        found.pop()
    return tuple(found)


def tool_call(
    identity: str, name: str, raw: str, *, cut: bool, data: ProviderData | None = None
) -> ToolCall:
    """A call from its raw arguments. Nothing at all means {} unless the answer was cut short."""
    if not raw.strip() and not cut:
        return ToolCall(identity, name, {}, provider_data=data)
    try:
        arguments: object = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        arguments = None
    if isinstance(arguments, dict):
        return ToolCall(identity, name, arguments, provider_data=data)
    return ToolCall(identity, name, None, raw, data)


def raw_arguments(arguments: object) -> str:
    """Arguments as text, "" for none; some servers send the object itself."""
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else msgspec.json.encode(arguments).decode()


def new_call_id() -> str:
    """An id for a call that came without one."""
    return f"call_{secrets.token_hex(8)}"


def own_call_id(given: str, taken: set[str]) -> str:
    """The id of a call, from now on taken: the given one, or a new one when it is no other's."""
    identity = new_call_id() if not given or given in taken else given
    taken.add(identity)
    return identity


def cut_off() -> ProviderError:
    """The error for an answer whose end never came."""
    return ProviderError(
        "The answer was cut off before its end",
        kind="network",
        hint="What came is incomplete: ask again.",
    )


def no_answer(field: str) -> ProviderError:
    """The error for an answer that lacks the field in which its text would be."""
    return ProviderError(
        f"The provider's answer holds no {field}",
        kind="protocol",
        hint="Check that base_url and protocol belong together.",
    )
