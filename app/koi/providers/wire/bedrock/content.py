"""The conversation as Bedrock wants it: blocks of known forms, roles in turn, nothing blank."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from koi.core.errors import ProviderError
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
from koi.providers.wire.bedrock.model_ids import reads_result_status
from koi.providers.wire.call_ids import WORDS, call_ids
from koi.providers.wire.history import echoed, sent_arguments, turns
from koi.providers.wire.request import WireOptions
from koi.providers.wire.tool_names import tool_name

_FORMATS = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/jpg": "jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
}
_NO_OUTPUT = "(no output)"


def messages_of(
    messages: tuple[Message, ...], model: str, options: WireOptions
) -> list[JsonObject]:
    """Messages of one role in a row become one, tool results first.

    Raises ProviderError (bad_request) for an image of a kind that Bedrock does not take.
    """
    writer = _Writer(options.family, call_ids(messages, WORDS), reads_result_status(model))
    said = (
        (
            message.role,
            [block for part in message.parts if (block := writer.block(part)) is not None],
        )
        for message in messages
    )
    return [
        {"role": role, "content": blocks}
        for role, blocks in turns(said, lambda block: "toolResult" in block)
    ]


class _Writer:
    """Writes parts for one model. `family` is whose opaque data it understands."""

    def __init__(self, family: str, ids: Mapping[str, str], with_status: bool) -> None:
        self._family = family
        self._ids = ids
        self._with_status = with_status

    def block(self, part: Part) -> JsonObject | None:
        """One block; None for what is blank, or was made by another provider's model."""
        match part:
            case Text():
                return self._text(part)
            case Reasoning():
                return self._reasoning(part)
            case Image():
                return _image(part)
            case ToolCall():
                return self._tool_use(part)
            case ToolResult():
                return self._tool_result(part)
            case Opaque():
                return self._echo(part.provider_data) or None

    def _text(self, part: Text) -> JsonObject | None:
        if not part.text.strip():
            return None
        cited = self._echo(part.provider_data)
        if cited:
            return {"citationsContent": {"content": [{"text": part.text}]} | cited}
        return {"text": part.text}

    def _reasoning(self, part: Reasoning) -> JsonObject | None:
        """Without its signature a model refuses what it thought."""
        data = self._echo(part.provider_data)
        if "redactedContent" in data:
            return {"reasoningContent": data}
        if "signature" in data:
            return {"reasoningContent": {"reasoningText": {"text": part.text} | data}}
        return None

    def _tool_use(self, call: ToolCall) -> JsonObject:
        use: JsonObject = {
            "toolUseId": self._ids[call.id],
            "name": tool_name(call.name),
            "input": sent_arguments(call),
        }
        return {"toolUse": use}

    def _tool_result(self, result: ToolResult) -> JsonObject:
        content: list[JsonObject] = []
        if result.content.strip():
            content.append({"text": result.content})
        content.extend(_image(image) for image in result.images)
        block: JsonObject = {
            "toolUseId": self._ids[result.call_id],
            "content": content or [{"text": _NO_OUTPUT}],
        }
        if not result.ok and self._with_status:
            block["status"] = "error"
        return {"toolResult": block}

    def _echo(self, data: ProviderData | None) -> JsonObject:
        return echoed(data, self._family)


def _image(image: Image) -> JsonObject:
    kind = image.media_type.partition(";")[0].strip().lower()
    if kind not in _FORMATS:
        raise ProviderError(
            f"Bedrock takes no images of the kind {image.media_type}",
            kind="bad_request",
            hint="Use PNG, JPEG, GIF or WebP.",
        )
    encoded = base64.b64encode(image.data).decode()
    return {"image": {"format": _FORMATS[kind], "source": {"bytes": encoded}}}
