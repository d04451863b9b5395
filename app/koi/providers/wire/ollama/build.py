"""A neutral request as /api/chat. https://docs.ollama.com/api/chat"""

from __future__ import annotations

import base64
from collections.abc import Mapping

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
from koi.providers.wire.history import sent_arguments
from koi.providers.wire.ollama.models import in_the_cloud, read_model
from koi.providers.wire.ollama.window import check_room, num_ctx, prompt_size
from koi.providers.wire.request import WireOptions, WireRequest

PATH = "/api/chat"


def build(request: ModelRequest, options: WireOptions) -> WireRequest:
    """The request in this format. Raises ProviderError (context_overflow) when it cannot fit."""
    messages = _messages(request, options.family)
    tools = [_tool(tool) for tool in _offered(request)]
    model = read_model(request.model, options.told)
    settings: JsonObject = {}
    if not in_the_cloud(request.model, options.host):
        size = prompt_size(messages, tools)
        check_room(size, model, options.context_window)
        settings["num_ctx"] = num_ctx(size, model, options.context_window, request.max_tokens)
    if request.max_tokens is not None:
        settings["num_predict"] = request.max_tokens
    if request.temperature is not None:
        settings["temperature"] = request.temperature
    if request.stop:
        settings["stop"] = list(request.stop)
    body: JsonObject = {
        **options.profile.extra_body,
        "model": options.profile.model_names.get(request.model, request.model),
        "messages": messages,
        "stream": options.stream,
        # Refuse what does not fit, instead of losing the beginning of it without a word.
        "truncate": False,
        "shift": False,
    }
    if tools:
        body["tools"] = tools
    if model.must_ask_to_think:
        body["think"] = True
    if settings:
        body["options"] = settings
    return WireRequest(PATH, {}, body)


def _offered(request: ModelRequest) -> tuple[ToolSchema, ...]:
    """The tools to send. There is no tool_choice here: one tool can be named, none required."""
    match request.tool_choice:
        case None | "auto" | "required":
            return request.tools
        case name:
            return tuple(tool for tool in request.tools if tool.name == name)


def _messages(request: ModelRequest, family: str) -> list[JsonObject]:
    messages: list[JsonObject] = []
    if request.system:
        messages.append({"role": "system", "content": request.system})
    names = {call.id: call.name for message in request.messages for call in message.tool_calls}
    for message in request.messages:
        if message.role == "assistant":
            messages.extend(_assistant(message, family))
        else:
            messages.extend(_user(message, names))
    return messages


def _assistant(message: Message, family: str) -> list[JsonObject]:
    calls = [_call(call) for call in message.tool_calls]
    if not (message.text or calls):
        return []
    wire: JsonObject = {"role": "assistant", "content": message.text}
    if thinking := _thinking(message, family):
        wire["thinking"] = thinking
    if calls:
        wire["tool_calls"] = calls
    return [wire]


def _thinking(message: Message, family: str) -> str:
    """What the same line of models thought; its template knows how much of it is wanted again."""
    return "".join(
        part.text
        for part in message.parts
        if isinstance(part, Reasoning)
        and part.provider_data is not None
        and part.provider_data.family == family
    )


def _call(call: ToolCall) -> JsonObject:
    function = {"name": call.name, "arguments": sent_arguments(call)}
    return {"id": call.id, "function": function}


def _user(message: Message, names: Mapping[str, str]) -> list[JsonObject]:
    """Tool results as messages of their own, then what the person said, with all pictures."""
    messages: list[JsonObject] = []
    said: list[str] = []
    images: list[Image] = []
    for part in message.parts:
        match part:
            case ToolResult():
                messages.append(_result(part, names.get(part.call_id, "")))
                images.extend(part.images)
            case Text() if part.text:
                said.append(part.text)
            case Image():
                images.append(part)
            case _:
                pass
    if not (said or images):
        return messages
    wire: JsonObject = {"role": "user", "content": "\n\n".join(said)}
    if images:
        wire["images"] = [base64.b64encode(image.data).decode() for image in images]
    return [*messages, wire]


def _result(result: ToolResult, name: str) -> JsonObject:
    """A tool's answer. Old servers know neither name nor id, and go by the order."""
    wire: JsonObject = {
        "role": "tool",
        "content": result.content,
        "tool_call_id": result.call_id,
    }
    return {**wire, "tool_name": name} if name else wire


def _tool(tool: ToolSchema) -> JsonObject:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
    return {"type": "function", "function": function}
