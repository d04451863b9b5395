"""The conversation as Gemini's contents: roles, calls, results and signatures at their places."""

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
    ProviderData,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from koi.providers.wire.fields import mapping, text
from koi.providers.wire.gemini.names import is_third_generation
from koi.providers.wire.tool_names import tool_name

UNSIGNED = "skip_thought_signature_validator"
"""What Google's documentation has in the place of the signature of a call that Gemini did not make.

https://ai.google.dev/gemini-api/docs/thought-signatures (the question about other models' history)
"""
ABOUT_THE_ANSWER = ("promptFeedback", "groundingMetadata", "citationMetadata", "urlContextMetadata")
"""Opaque data that is no part of a content, and never goes back."""
_IMAGES_IN_RESULTS = ("image/png", "image/jpeg", "image/webp")
"""https://ai.google.dev/gemini-api/docs/function-calling (multimodal function responses)"""


class _Called(msgspec.Struct, frozen=True):
    """What the result of a call must repeat. `identity` is "" when Gemini gave the call none."""

    name: str
    identity: str


def contents(messages: tuple[Message, ...], family: str, model: str) -> list[JsonObject]:
    """The messages; those of one role in a row become one, with the results of calls first."""
    third = is_third_generation(model)
    called = {
        call.id: _Called(tool_name(call.name), text(_given_call(call, family), "id"))
        for message in messages
        for call in message.tool_calls
    }
    turns: list[tuple[str, list[JsonObject]]] = []
    for message in messages:
        role = "user" if message.role == "user" else "model"
        parts = _parts(message.parts, family, called, images_in_results=third)
        if not parts:
            continue
        if turns and turns[-1][0] == role:
            turns[-1][1].extend(parts)
        else:
            turns.append((role, parts))
    for role, parts in turns:
        if role == "user":
            parts.sort(key=lambda part: "functionResponse" not in part)
        elif third:
            _sign(parts)
    return [{"role": role, "parts": parts} for role, parts in turns]


def _sign(parts: list[JsonObject]) -> None:
    """Of calls made at once, the first carries the signature."""
    first = next((part for part in parts if "functionCall" in part), None)
    if first is not None:
        first.setdefault("thoughtSignature", UNSIGNED)


def _parts(
    parts: Iterable[Part], family: str, called: Mapping[str, _Called], *, images_in_results: bool
) -> list[JsonObject]:
    wire: list[JsonObject] = []
    for part in parts:
        match part:
            case Text():
                wire.extend(_text(part, family))
            case Reasoning():
                # Thoughts without a signature only cost tokens.
                if signed := _echo(part.provider_data, family):
                    wire.append({"text": part.text, "thought": True} | signed)
            case Image():
                wire.append(_image(part))
            case ToolCall():
                wire.append(_function_call(part, family))
            case ToolResult():
                wire.extend(_result(part, called.get(part.call_id), images_in_results))
            case Opaque():
                echoed = _echo(part.provider_data, family)
                if not any(key in echoed for key in ABOUT_THE_ANSWER):
                    wire.extend([echoed] if echoed else [])
    return wire


def _echo(data: ProviderData | None, family: str) -> JsonObject:
    return dict(data.data) if data is not None and data.family == family else {}


def _text(said: Text, family: str) -> list[JsonObject]:
    """Text without a signature is refused when it is empty; with one it must go back."""
    signed = _echo(said.provider_data, family)
    return [{"text": said.text} | signed] if said.text or signed else []


def _given_call(call: ToolCall, family: str) -> JsonObject:
    return mapping(_echo(call.provider_data, family), "functionCall")


def _function_call(call: ToolCall, family: str) -> JsonObject:
    arguments = {"arguments_raw": call.arguments_raw} if call.arguments is None else call.arguments
    made = {"name": tool_name(call.name), "args": arguments}
    return _echo(call.provider_data, family) | {"functionCall": _given_call(call, family) | made}


def _result(result: ToolResult, call: _Called | None, images_inside: bool) -> list[JsonObject]:
    images = [_image(image) for image in result.images]
    if call is None:
        # A result of no call of this conversation would be refused.
        return _text(Text(result.content), "") + images
    response: JsonObject = {"id": call.identity} if call.identity else {}
    response["name"] = call.name
    response["response"] = {"output" if result.ok else "error": result.content}
    fitting = all(image.media_type in _IMAGES_IN_RESULTS for image in result.images)
    if images and images_inside and fitting:
        return [{"functionResponse": response | {"parts": images}}]
    return [{"functionResponse": response}, *images]


def _image(image: Image) -> JsonObject:
    data = base64.b64encode(image.data).decode()
    return {"inlineData": {"mimeType": image.media_type, "data": data}}
