"""A conversation as chat messages, in the order and the form that each endpoint insists on."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from koi.core.messages import (
    Image,
    JsonObject,
    Message,
    ModelRequest,
    Text,
    ToolCall,
    ToolResult,
)
from koi.providers.wire.call_ids import NINE, SHORT, call_ids
from koi.providers.wire.history import echoed, sent_arguments, with_system
from koi.providers.wire.openai_chat.echo import reasoning_fields, tagged_reasoning
from koi.providers.wire.request import WireOptions
from koi.providers.wire.tool_names import tool_name

_EMPTY_RESULT = "(no output)"
"""Moonshot refuses messages without content."""
_BRIDGE = "Understood."
_MISTRAL = re.compile(r"(.*/)?(open-)?(mi[sx]tral|ministral|devstral|codestral|magistral|pixtral)")
"""Models that refuse a user message after the result of a tool, wherever they are served.
https://github.com/zed-industries/zed/pull/31736"""


def wire_messages(request: ModelRequest, options: WireOptions) -> list[JsonObject]:
    """The messages with the system prompt first, or inside the first of the person."""
    messages: list[JsonObject] = []
    said: Sequence[Message] = _without_empty(request.messages, options)
    if request.system and options.profile.system_in_first_message:
        said = with_system(request.system, said)
    elif request.system:
        messages.append({"role": "system", "content": request.system})
    ids = call_ids(said, NINE if options.profile.call_id_form == "alphanumeric-9" else SHORT)
    for message in said:
        if message.role == "assistant":
            messages.append(_assistant(message, options, ids))
        else:
            messages.extend(_user(message, ids))
    return _bridged(messages, options) if _MISTRAL.match(request.model.lower()) else messages


def _without_empty(messages: Iterable[Message], options: WireOptions) -> list[Message]:
    """Answers of which nothing can be sent are left out, and what is around them is joined."""
    kept: list[Message] = []
    for message in messages:
        if message.role == "assistant" and not (
            message.text.strip() or message.tool_calls or tagged_reasoning(message, options)
        ):
            continue
        if kept and kept[-1].role == message.role == "user":
            kept[-1] = Message("user", kept[-1].parts + message.parts)
        else:
            kept.append(message)
    return kept


def _bridged(messages: list[JsonObject], options: WireOptions) -> list[JsonObject]:
    bridge: JsonObject = {"role": "assistant", "content": _BRIDGE}
    bridge |= reasoning_fields(Message("assistant", ()), options)
    bridged: list[JsonObject] = []
    for message in messages:
        if bridged and bridged[-1]["role"] == "tool" and message["role"] == "user":
            bridged.append(bridge)
        bridged.append(message)
    return bridged


def _assistant(message: Message, options: WireOptions, ids: Mapping[str, str]) -> JsonObject:
    calls = [_call(call, options.family, ids[call.id]) for call in message.tool_calls]
    said = tagged_reasoning(message, options) + message.text
    wire: JsonObject = {"role": "assistant", "content": said if said.strip() else None}
    if calls:
        wire["tool_calls"] = calls
    return wire | reasoning_fields(message, options)


def _call(call: ToolCall, family: str, identity: str) -> JsonObject:
    arguments = sent_arguments(call)
    function = {"name": tool_name(call.name), "arguments": msgspec.json.encode(arguments).decode()}
    wire: JsonObject = {"id": identity, "type": "function", "function": function}
    if extra := echoed(call.provider_data, family):
        wire["extra_content"] = extra
    return wire


def _user(message: Message, ids: Mapping[str, str]) -> list[JsonObject]:
    """Tool results as messages of their own, then what the person said."""
    messages: list[JsonObject] = []
    content: list[JsonObject] = []
    for part in message.parts:
        match part:
            case ToolResult():
                messages.append(
                    {
                        "role": "tool",
                        "tool_call_id": ids[part.call_id],
                        "content": part.content if part.content.strip() else _EMPTY_RESULT,
                    }
                )
                content.extend(_image(image) for image in part.images)
            case Text() if part.text.strip():
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
