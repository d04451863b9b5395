"""A conversation as input items. What a model of the same family made goes back as it came."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping

import msgspec

from koi.core.messages import (
    Image,
    JsonObject,
    Message,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from koi.providers.wire.call_ids import WORDS, call_ids
from koi.providers.wire.fields import text
from koi.providers.wire.history import echoed, sent_arguments
from koi.providers.wire.tool_names import tool_name

_CUSTOM = "custom_tool_call"
_CALLS = ("function_call", _CUSTOM)
_SIGNS_WHAT_CAME_BEFORE = "google-gemini-v1"
"""The format of reasoning items that follow their item. https://openrouter.ai/docs/api-reference"""


def input_items(
    messages: tuple[Message, ...], family: str, *, reasoning: bool = True
) -> list[JsonObject]:
    """The items of all messages, in order. `reasoning`: the model takes earlier thoughts back."""
    ids = call_ids(messages, WORDS)
    items: list[JsonObject] = []
    custom: set[str] = set()
    for message in messages:
        if message.role == "assistant":
            custom |= {call.id for call in message.tool_calls if _is_custom(call, family)}
            parts = [part for part in message.parts if reasoning or not isinstance(part, Reasoning)]
            items.extend(_assistant(parts, family, ids))
        else:
            items.extend(_user(message.parts, custom, ids))
    return items


def _assistant(parts: Iterable[Part], family: str, ids: Mapping[str, str]) -> list[JsonObject]:
    items = [item for part in parts if (item := _item(part, family, ids)) is not None]
    while items and _is_lonely(items[-1]):
        items.pop()
    if any(text(item, "encrypted_content") for item in items):
        return items
    # DeepSeek refuses text between calls and their results. Where nothing is encrypted, only the
    # order of the calls matters.
    return sorted(items, key=lambda item: item["type"] in _CALLS)


def _item(part: Part, family: str, ids: Mapping[str, str]) -> JsonObject | None:
    """One item, without its id: ids mean nothing where answers are not stored.

    None for what is empty, or of use only to another family of models.
    """
    match part:
        case Text():
            if not part.text.strip():
                return None
            said: JsonObject = {"type": "message", "role": "assistant", "content": part.text}
            return said | echoed(part.provider_data, family)
        case Reasoning():
            return echoed(part.provider_data, family) or None
        case ToolCall():
            return _call(part, ids[part.id], family)
        case Opaque():
            return echoed(part.provider_data, family) or None
        case _:
            return None


def _is_lonely(item: JsonObject) -> bool:
    """Reasoning without the item that it led to, as cut answers have it, is refused by OpenAI."""
    return item["type"] == "reasoning" and text(item, "format") != _SIGNS_WHAT_CAME_BEFORE


def _is_custom(call: ToolCall, family: str) -> bool:
    return echoed(call.provider_data, family).get("type") == _CUSTOM


def _call(call: ToolCall, identity: str, family: str) -> JsonObject:
    if _is_custom(call, family):
        said = call.arguments_raw if call.arguments is None else text(call.arguments, "input")
        return {"type": _CUSTOM, "call_id": identity, "name": tool_name(call.name), "input": said}
    return {
        "type": "function_call",
        "call_id": identity,
        "name": tool_name(call.name),
        "arguments": msgspec.json.encode(sent_arguments(call)).decode(),
    }


def _user(parts: Iterable[Part], custom: set[str], ids: Mapping[str, str]) -> list[JsonObject]:
    """Results of calls as items of their own, then what the person said."""
    items: list[JsonObject] = []
    content: list[JsonObject] = []
    for part in parts:
        match part:
            case ToolResult():
                kind = _CUSTOM if part.call_id in custom else "function_call"
                items.append(
                    {
                        "type": f"{kind}_output",
                        "call_id": ids[part.call_id],
                        "output": _output(part),
                    }
                )
            case Text() if part.text:
                content.append({"type": "input_text", "text": part.text})
            case Image():
                content.append(_image(part))
            case _:
                pass
    if content:
        items.append({"type": "message", "role": "user", "content": content})
    return items


def _output(result: ToolResult) -> object:
    """Text as a string, which all servers know; a list only when there are images."""
    if not result.images:
        return result.content
    said: list[JsonObject] = []
    if result.content:
        said.append({"type": "input_text", "text": result.content})
    return [*said, *(_image(image) for image in result.images)]


def _image(image: Image) -> JsonObject:
    encoded = base64.b64encode(image.data).decode()
    url = f"data:{image.media_type};base64,{encoded}"
    return {"type": "input_image", "image_url": url, "detail": "auto"}
