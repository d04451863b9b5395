"""A neutral request as a response to create. https://platform.openai.com/docs/api-reference/responses

Nothing is stored at the provider: the whole conversation goes along, encrypted reasoning with it.
"""

from __future__ import annotations

import re

from koi.core.messages import JsonObject, ModelRequest, ToolSchema
from koi.providers.wire.openai_responses.input_items import input_items
from koi.providers.wire.request import WireOptions, WireRequest
from koi.providers.wire.tool_names import tool_name

PATH = "/responses"
_ENCRYPTED = "reasoning.encrypted_content"
_REASONS = re.compile(
    r"(.*/)?(o[134]\b|codex|gpt-([5-9]|\d\d)(?!.*\bchat\b)|grok-(3-mini|[4-9])(?!.*non-reasoning))"
)
_DOES_NOT_REASON = re.compile(r"(.*/)?(chatgpt|gpt-[1-5])")
"""Checked after _REASONS. https://platform.openai.com/docs/guides/reasoning"""


def build(request: ModelRequest, options: WireOptions) -> WireRequest:
    """The request in this format. What is not set is not sent.

    `stop` is left out: the format has no stop sequences, and refuses the field.
    """
    profile = options.profile
    encrypted = _encrypted_reasoning(request.model, options)
    body: JsonObject = {
        "store": False,
        **profile.extra_body,
        "model": profile.model_names.get(request.model, request.model),
        "input": input_items(request.messages, options.family, reasoning=encrypted is not False),
    }
    if request.system:
        body["instructions"] = request.system
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        if request.tool_choice:
            body["tool_choice"] = _tool_choice(request.tool_choice)
    if request.max_tokens is not None:
        body["max_output_tokens"] = request.max_tokens
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if encrypted:
        body["include"] = [_ENCRYPTED]
    if profile.reasoning_summary is not None:
        body["reasoning"] = {"summary": profile.reasoning_summary}
    headers: dict[str, str] = {}
    if options.stream or profile.streaming_only:
        body["stream"] = True
        headers["Accept"] = "text/event-stream, application/json"
    for name in profile.refused_fields:
        body.pop(name, None)
    return WireRequest(PATH, headers, body)


def _encrypted_reasoning(model: str, options: WireOptions) -> bool | None:
    """Whether a model reasons and gives its thoughts encrypted, None when its name tells nothing.

    Models that do not reason refuse to be asked for thoughts, and to be sent those of others.
    """
    if options.profile.encrypted_reasoning is not None:
        return options.profile.encrypted_reasoning
    if _REASONS.match(model.lower()):
        return True
    return False if _DOES_NOT_REASON.match(model.lower()) else None


def _tool(tool: ToolSchema) -> JsonObject:
    # Strict is the default here, and refuses schemas with optional parameters.
    return {
        "type": "function",
        "name": tool_name(tool.name),
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": False,
    }


def _tool_choice(choice: str) -> object:
    if choice in ("auto", "none", "required"):
        return choice
    return {"type": "function", "name": tool_name(choice)}
