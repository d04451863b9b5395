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
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from koi.providers.wire.fields import mapping, text
from koi.providers.wire.gemini.names import is_third_generation
from koi.providers.wire.history import echoed, sent_arguments, turns
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
    said = (
        (
            "user" if message.role == "user" else "model",
            _parts(message.parts, family, called, images_in_results=third),
        )
        for message in messages
    )
    joined = turns(said, lambda part: "functionResponse" in part)
    for role, parts in joined:
        if role == "model" and third:
            _sign(parts)
    return [{"role": role, "parts": parts} for role, parts in joined]


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
                if signed := echoed(part.provider_data, family):
                    wire.append({"text": part.text, "thought": True} | signed)
            case Image():
                wire.append(_image(part))
            case ToolCall():
                wire.append(_function_call(part, family))
            case ToolResult():
                wire.extend(_result(part, called.get(part.call_id), images_in_results))
            case Opaque():
                opaque = echoed(part.provider_data, family)
                if opaque and not any(key in opaque for key in ABOUT_THE_ANSWER):
                    wire.append(opaque)
    return wire


def _text(said: Text, family: str) -> list[JsonObject]:
    """Text without a signature is refused when it is empty; with one it must go back."""
    signed = echoed(said.provider_data, family)
    return [{"text": said.text} | signed] if said.text or signed else []


def _given_call(call: ToolCall, family: str) -> JsonObject:
    return mapping(echoed(call.provider_data, family), "functionCall")


def _function_call(call: ToolCall, family: str) -> JsonObject:
    made = {"name": tool_name(call.name), "args": sent_arguments(call)}
    return echoed(call.provider_data, family) | {"functionCall": _given_call(call, family) | made}


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
