"""What a request needs of a model before it is sent to one that was not meant."""

from __future__ import annotations

from koi.core.messages import Image, Message, ModelRequest, ToolResult
from koi.core.seams import ModelInfo, Provider
from koi.routing.estimates import input_tokens


def unfit_for(request: ModelRequest, provider: Provider, info: ModelInfo) -> str:
    """Why a model cannot take over a request; "" when nothing is known to speak against it."""
    if request.tools and provider.tool_mode(info.reference.model) == "off":
        return "it has no tools"
    if info.vision is False and any(_has_images(message) for message in request.messages):
        return "it cannot see images"
    tokens = input_tokens(request)
    if info.context_window is not None and tokens > info.context_window:
        return f"the conversation is too long for it ({tokens} of {info.context_window} tokens)"
    return ""


def _has_images(message: Message) -> bool:
    return any(
        isinstance(part, Image) or (isinstance(part, ToolResult) and part.images)
        for part in message.parts
    )
