"""How a Gemini answer ended, and what it cost: finish reasons and usage in neutral words."""

from __future__ import annotations

from koi.core.messages import JsonObject
from koi.core.provider_events import FinishReason
from koi.core.usage import Usage
from koi.providers.wire.fields import count

_FINISH_REASONS: dict[str, FinishReason] = {
    "STOP": "stop",
    "FINISH_REASON_UNSPECIFIED": "stop",
    "FUNCTION_CALL": "stop",
    "TOOL_CALLS": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "ESCALATION": "content_filter",
    "PUP_LIMITED_DISABLED": "content_filter",
}
"""Everything else (MALFORMED_FUNCTION_CALL, UNEXPECTED_TOOL_CALL, OTHER, …) is an error. Google
says STOP after calls, compatible servers also FUNCTION_CALL or TOOL_CALLS.

https://ai.google.dev/api/generate-content#FinishReason
"""
_COUNTS = (
    "promptTokenCount",
    "cachedContentTokenCount",
    "toolUsePromptTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
)


def finish_reason(raw: str | None, *, called: bool, blocked: bool) -> FinishReason:
    """The normalised reason. `blocked`: the prompt was refused, so there is no answer."""
    if raw is None and blocked:
        return "content_filter"
    reason = _FINISH_REASONS.get(raw or "STOP", "error")
    return "tool_calls" if reason == "stop" and called else reason


def has_counts(metadata: JsonObject) -> bool:
    """False for metadata without any tokens, which Vertex AI sends in the middle of streams."""
    return any(count(metadata, name) is not None for name in _COUNTS)


def usage(metadata: JsonObject) -> Usage:
    """The counts. The prompt's hold cached tokens, and none of those that server tools added;
    the candidates' do not hold thoughts. https://ai.google.dev/api/generate-content#UsageMetadata
    """
    prompt, cached, tools, answer, thoughts = (count(metadata, name) or 0 for name in _COUNTS)
    return Usage(
        input_tokens=max(0, prompt - cached) + tools,
        cache_read_tokens=cached,
        output_tokens=answer + thoughts,
        reasoning_tokens=thoughts,
    )
