"""Images for models that see none: a note in words tells the model that there was one."""

from __future__ import annotations

import msgspec

from koi.core.messages import Image, Message, ModelRequest, Part, Text, ToolResult


def without_images(request: ModelRequest) -> ModelRequest:
    """The request with a note in the place of each image; itself when it has none."""
    if not any(_shows(part) for message in request.messages for part in message.parts):
        return request
    messages = tuple(_in_words(message) for message in request.messages)
    return msgspec.structs.replace(request, messages=messages)


def _in_words(message: Message) -> Message:
    if not any(_shows(part) for part in message.parts):
        return message
    return msgspec.structs.replace(message, parts=tuple(_told(part) for part in message.parts))


def _shows(part: Part) -> bool:
    return isinstance(part, Image) or (isinstance(part, ToolResult) and bool(part.images))


def _told(part: Part) -> Part:
    match part:
        case Image():
            return Text(_note(part))
        case ToolResult(content=content, images=images) if images:
            told = "\n".join((*([content] if content else []), *map(_note, images)))
            return msgspec.structs.replace(part, content=told, images=())
        case _:
            return part


def _note(image: Image) -> str:
    return f"[image, {image.media_type}, {len(image.data):,} bytes: this model does not see images]"
