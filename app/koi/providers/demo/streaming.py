"""Turn a decided answer into the events and parts that every provider gives."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from koi.core.messages import ModelRequest, Part, Reasoning, Text, ToolCall
from koi.core.provider_events import (
    ProviderEvent,
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallDelta,
    ToolCallReady,
    ToolCallStarted,
    UsageReported,
)
from koi.core.usage import Usage
from koi.providers.demo.conversation import calls_with_ids
from koi.providers.demo.plays import Step
from koi.providers.demo.reference import DEMO

CHARACTERS_PER_TOKEN = 4
"""A rough rule for English text; the demo has no tokens of its own."""
_PIECE = re.compile(r"\s*\S{1,12}|\s+\Z")


def pieces(text: str) -> list[str]:
    """The text in token-like pieces; joined they are the text again."""
    return _PIECE.findall(text)


def blocks(request: ModelRequest, step: Step, *, whole: bool) -> Iterator[list[ProviderEvent]]:
    """The events of an answer, block by block: thinking, speaking, each call, the end.

    `whole`: each block in one delta, as an answer that is not streamed.
    """
    calls = calls_with_ids(request, step.calls)
    if step.reasoning:
        yield [ReasoningDelta(piece) for piece in _cut(step.reasoning, whole)]
    if step.text:
        yield [TextDelta(piece) for piece in _cut(step.text, whole)]
    for call in calls:
        yield [
            ToolCallStarted(call.id, call.name),
            *(ToolCallDelta(call.id, piece) for piece in _cut(call.arguments_raw, whole)),
            ToolCallReady(call),
        ]
    reason = "tool_calls" if calls else "stop"
    yield [
        UsageReported(usage(request, step, calls)),
        StreamEnded("tool_calls" if calls else "stop", reason, _parts(step, calls), DEMO.model),
    ]


def usage(request: ModelRequest, step: Step, calls: tuple[ToolCall, ...]) -> Usage:
    """Tokens counted from the length of texts, and marked as estimated."""
    sent = len(request.system) + len(msgspec.json.encode((request.messages, request.tools)))
    said = len(step.text) + sum(len(call.name) + len(call.arguments_raw) for call in calls)
    reasoning = _tokens(len(step.reasoning))
    return Usage(
        input_tokens=_tokens(sent),
        output_tokens=_tokens(said) + reasoning,
        reasoning_tokens=reasoning,
        estimated=True,
    )


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)


def _cut(text: str, whole: bool) -> list[str]:
    return [text] if whole else pieces(text)


def _parts(step: Step, calls: tuple[ToolCall, ...]) -> tuple[Part, ...]:
    parts: list[Part] = []
    if step.reasoning:
        parts.append(Reasoning(step.reasoning))
    if step.text:
        parts.append(Text(step.text))
    return (*parts, *calls)
