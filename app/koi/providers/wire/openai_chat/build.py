"""A neutral request as chat completions. https://platform.openai.com/docs/api-reference/chat"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

import msgspec

from koi.core.messages import (
    Image,
    JsonObject,
    Message,
    ModelRequest,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    ToolSchema,
)
from koi.providers.wire.call_ids import NINE, SHORT, call_ids
from koi.providers.wire.request import WireOptions, WireRequest

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
        "messages": _messages(request, options),
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


def _messages(request: ModelRequest, options: WireOptions) -> list[JsonObject]:
    messages: list[JsonObject] = []
    said = request.messages
    if request.system and options.profile.system_in_first_message:
        said = _with_system(request.system, said)
    elif request.system:
        messages.append({"role": "system", "content": request.system})
    ids = call_ids(said, NINE if options.profile.call_id_form == "alphanumeric-9" else SHORT)
    for message in said:
        if message.role == "assistant":
            messages.extend(_assistant(message, options, ids))
        else:
            messages.extend(_user(message, ids))
    return messages


def _with_system(system: str, messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The system prompt as the beginning of the first user message."""
    first = messages[0] if messages else None
    if first is None or first.role != "user":
        return (Message("user", (Text(system),)), *messages)
    return (Message("user", (Text(system), *first.parts)), *messages[1:])


def _assistant(message: Message, options: WireOptions, ids: Mapping[str, str]) -> list[JsonObject]:
    calls = [_call(call, options.family, ids[call.id]) for call in message.tool_calls]
    if not (message.text or calls):
        return []
    wire: JsonObject = {"role": "assistant", "content": message.text or None}
    if calls:
        wire["tool_calls"] = calls
    return [wire | _reasoning(message, options)]


def _reasoning(message: Message, options: WireOptions) -> JsonObject:
    """Earlier reasoning for the provider that it came from, in the field that it wants."""
    thoughts = [
        part
        for part in message.parts
        if isinstance(part, Reasoning)
        and part.provider_data is not None
        and part.provider_data.family == options.family
    ]
    for thought in thoughts:
        data = thought.provider_data
        if data is not None and (details := data.data.get("reasoning_details")):
            return {"reasoning_details": details}
    if thoughts and options.profile.reasoning_echo:
        said = [part.text for part in message.parts if isinstance(part, Reasoning)]
        return {options.profile.reasoning_echo: "".join(said)}
    return {}


def _call(call: ToolCall, family: str, identity: str) -> JsonObject:
    # Many servers refuse a history with arguments that are not JSON: what the model wrote is
    # wrapped, not lost.
    arguments = {"arguments_raw": call.arguments_raw} if call.arguments is None else call.arguments
    function = {"name": call.name, "arguments": msgspec.json.encode(arguments).decode()}
    wire: JsonObject = {"id": identity, "type": "function", "function": function}
    if call.provider_data is not None and call.provider_data.family == family:
        wire["extra_content"] = call.provider_data.data
    return wire


def _user(message: Message, ids: Mapping[str, str]) -> list[JsonObject]:
    """Tool results as messages of their own, then what the person said."""
    messages: list[JsonObject] = []
    content: list[JsonObject] = []
    for part in message.parts:
        match part:
            case ToolResult():
                identity = ids[part.call_id]
                messages.append({"role": "tool", "tool_call_id": identity, "content": part.content})
                content.extend(_image(image) for image in part.images)
            case Text() if part.text:
                content.append({"type": "text", "text": part.text})
            case Image():
                content.append(_image(part))
            case _:
                pass
    if not content:
        return messages
    if all(part["type"] == "text" for part in content):
        # Several compatible servers know content as a string only.
        joined = "\n\n".join(str(part["text"]) for part in content)
        return [*messages, {"role": "user", "content": joined}]
    return [*messages, {"role": "user", "content": content}]


def _image(image: Image) -> JsonObject:
    encoded = base64.b64encode(image.data).decode()
    return {
        "type": "image_url",
        "image_url": {"url": f"data:{image.media_type};base64,{encoded}"},
    }


def _tool(tool: ToolSchema) -> JsonObject:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
    return {"type": "function", "function": function}


def _tool_choice(choice: str) -> object:
    if choice in ("auto", "none", "required"):
        return choice
    return {"type": "function", "function": {"name": choice}}
