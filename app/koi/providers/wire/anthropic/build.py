"""A neutral request as Anthropic Messages, with prompt caching."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import msgspec

from koi.core.messages import (
    Image,
    JsonObject,
    Message,
    ModelRequest,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    ToolSchema,
)
from koi.providers.wire.call_ids import WORDS, call_ids
from koi.providers.wire.history import echoed, sent_arguments, turns
from koi.providers.wire.request import WireOptions, WireRequest
from koi.providers.wire.tool_names import called_tools, tool_name

PATH = "/v1/messages"
VERSION = "2023-06-01"
UNKNOWN_LIMIT = 8192
"""max_tokens is mandatory here: what is asked for when the model's limit is not known."""
_CACHE: JsonObject = {"type": "ephemeral"}
_UNCACHED = ("thinking", "redacted_thinking")


def build(request: ModelRequest, options: WireOptions) -> WireRequest:
    """The request in this format. System prompt, tools and history are marked for caching.

    https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching
    """
    limit = request.max_tokens or options.output_limit or UNKNOWN_LIMIT
    profile = options.profile
    messages = _messages(request.messages, options.family)
    _mark_last_block(messages)
    model = profile.model_names.get(request.model, request.model)
    body: JsonObject = {**profile.extra_body, "model": model, "max_tokens": limit}
    if request.system:
        body["system"] = [{"type": "text", "text": request.system, "cache_control": _CACHE}]
    if request.tools:
        tools = [_tool(tool) for tool in request.tools]
        tools[-1]["cache_control"] = _CACHE
        body["tools"] = tools
        if request.tool_choice:
            body["tool_choice"] = _tool_choice(request.tool_choice)
    elif called := called_tools(request.messages):
        # A history with calls is refused when no tools are declared.
        body["tools"] = [_tool(ToolSchema(name, "", {"type": "object"})) for name in called]
        body["tool_choice"] = _tool_choice("none")
    body["messages"] = messages
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.stop:
        body["stop_sequences"] = list(request.stop)
    if options.stream:
        body["stream"] = True
    return WireRequest(PATH, {"anthropic-version": VERSION}, body)


def _messages(messages: tuple[Message, ...], family: str) -> list[JsonObject]:
    """Messages of one role in a row become one, tool results first, as the format wants it."""
    ids = call_ids(messages, WORDS)
    messages = _without_last_blank(messages)
    said = (
        (
            message.role,
            [
                block
                for part in message.parts
                if message.role == "user" or not isinstance(part, Image)
                if (block := _block(part, family, ids)) is not None
            ],
        )
        for message in messages
    )
    return [
        {"role": role, "content": blocks}
        for role, blocks in turns(said, lambda block: block["type"] == "tool_result")
    ]


def _without_last_blank(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """An answer to be continued must not end in blanks."""
    last = messages[-1] if messages else None
    if last is None or last.role != "assistant" or not last.parts:
        return messages
    *before, end = last.parts
    if not isinstance(end, Text) or end.text == end.text.rstrip():
        return messages
    shorter = msgspec.structs.replace(end, text=end.text.rstrip())
    return (*messages[:-1], Message("assistant", (*before, shorter)))


def _mark_last_block(messages: list[JsonObject]) -> None:
    content = messages[-1]["content"] if messages else None
    for block in reversed(content if isinstance(content, list) else []):
        if block["type"] not in _UNCACHED:
            block["cache_control"] = _CACHE
            return


def _block(part: Part, family: str, ids: Mapping[str, str]) -> JsonObject | None:
    """One block; None for what is empty, or was made by another provider's model."""
    match part:
        case Text():
            if not part.text.strip():
                return None
            return {"type": "text", "text": part.text} | echoed(part.provider_data, family)
        case Reasoning():
            # A thinking block without its signature is refused.
            signed = echoed(part.provider_data, family)
            return {"type": "thinking", "thinking": part.text} | signed if signed else None
        case Image():
            return _image(part)
        case ToolCall():
            return _tool_use(part, family, ids[part.id])
        case ToolResult():
            return _tool_result(part, ids[part.call_id])
        case Opaque():
            return echoed(part.provider_data, family) or None


def _tool_use(call: ToolCall, family: str, identity: str) -> JsonObject:
    use: JsonObject = {
        "type": "tool_use",
        "id": identity,
        "name": tool_name(call.name),
        "input": sent_arguments(call),
    }
    return use | echoed(call.provider_data, family)


def _tool_result(result: ToolResult, identity: str) -> JsonObject:
    content: list[JsonObject] = []
    if result.content.strip():
        content.append({"type": "text", "text": result.content})
    content.extend(_image(image) for image in result.images)
    block: JsonObject = {"type": "tool_result", "tool_use_id": identity}
    if content:
        block["content"] = content
    if not result.ok:
        block["is_error"] = True
    return block


def _image(image: Image) -> JsonObject:
    source = {
        "type": "base64",
        "media_type": image.media_type,
        "data": base64.b64encode(image.data).decode(),
    }
    return {"type": "image", "source": source}


def _tool(tool: ToolSchema) -> JsonObject:
    name = tool_name(tool.name)
    return {"name": name, "description": tool.description, "input_schema": tool.parameters}


def _tool_choice(choice: str) -> JsonObject:
    match choice:
        case "auto" | "none":
            return {"type": choice}
        case "required":
            return {"type": "any"}
    return {"type": "tool", "name": tool_name(choice)}
