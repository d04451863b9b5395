"""The conversation as Bedrock wants it: blocks of known forms, roles in turn, nothing blank."""

from __future__ import annotations

import base64
import re
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
from koi.providers.wire.request import WireOptions

_FORMATS = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/jpg": "jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
}
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")
_NO_OUTPUT = "(no output)"


def messages_of(
    messages: tuple[Message, ...], model: str, options: WireOptions
) -> list[JsonObject]:
    """Messages of one role in a row become one, tool results first.

    Raises ProviderError (bad_request) for an image of a kind that Bedrock does not take.
    """
    writer = _Writer(options.family, call_ids(messages, WORDS), reads_result_status(model))
    turns: list[tuple[str, list[JsonObject]]] = []
    for message in messages:
        blocks = [block for part in message.parts if (block := writer.block(part)) is not None]
        if not blocks:
            continue
        if turns and turns[-1][0] == message.role:
            turns[-1][1].extend(blocks)
        else:
            turns.append((message.role, blocks))
    return [
        {
            "role": role,
            "content": sorted(blocks, key=lambda block: "toolResult" not in block)
            if role == "user"
            else blocks,
        }
        for role, blocks in turns
    ]


def tool_name(name: str) -> str:
    """A name in the characters that are accepted; a call of an unknown tool may have any."""
    return _NOT_IN_NAMES.sub("_", name)[:64] or "_"


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
        broken: JsonObject = {"arguments_raw": call.arguments_raw}
        use: JsonObject = {
            "toolUseId": self._ids[call.id],
            "name": tool_name(call.name),
            "input": broken if call.arguments is None else call.arguments,
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
        return dict(data.data) if data is not None and data.family == self._family else {}


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
