"""A neutral request as chat completions. https://platform.openai.com/docs/api-reference/chat"""

from __future__ import annotations

import re

from koi.core.messages import JsonObject, ModelRequest, ToolSchema
from koi.providers.wire.openai_chat.messages import wire_messages
from koi.providers.wire.request import WireOptions, WireRequest
from koi.providers.wire.tool_names import tool_name

PATH = "/chat/completions"
_COMPLETION_TOKENS_ONLY = re.compile(r"(o\d|gpt-5)")
"""Models that refuse max_tokens, wherever they are served under their bare name.
https://platform.openai.com/docs/guides/reasoning"""


def build(request: ModelRequest, options: WireOptions) -> WireRequest:
    """The request in this format. What is not set is not sent."""
    profile = options.profile
    body: JsonObject = {
        **profile.extra_body,
        "model": profile.model_names.get(request.model, request.model),
        "messages": wire_messages(request, options),
    }
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        if request.tool_choice:
            body["tool_choice"] = _tool_choice(request.tool_choice)
    if request.max_tokens is not None:
        modern = _COMPLETION_TOKENS_ONLY.match(request.model)
        name = "max_completion_tokens" if modern else profile.token_parameter
        body[name] = request.max_tokens
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.stop:
        body["stop"] = list(request.stop)
    if options.stream:
        body["stream"] = True
        if profile.stream_usage:
            body["stream_options"] = {"include_usage": True}
    return WireRequest(PATH, {}, body)


def _tool(tool: ToolSchema) -> JsonObject:
    function = {
        "name": tool_name(tool.name),
        "description": tool.description,
        "parameters": tool.parameters,
    }
    return {"type": "function", "function": function}


def _tool_choice(choice: str) -> object:
    if choice in ("auto", "none", "required"):
        return choice
    return {"type": "function", "function": {"name": tool_name(choice)}}
