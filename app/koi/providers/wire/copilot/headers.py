"""What Copilot wants to know of a request besides its body; it decides what is billed."""

from __future__ import annotations

from koi.core.messages import Image, Message, ModelRequest, Part, Text, ToolResult

INTENT = "conversation-edits"


def request_headers(request: ModelRequest) -> dict[str, str]:
    """Whose turn it is, told truthfully, and whether there are images to look at.

    `user` is a turn that the person began, and is billed as such; what follows by itself upon the
    results of tools is the agent's.
    """
    last = request.messages[-1] if request.messages else None
    said = {
        "Openai-Intent": INTENT,
        "X-Initiator": "user" if last is None or _by_person(last) else "agent",
    }
    if any(_shows_image(part) for message in request.messages for part in message.parts):
        said["Copilot-Vision-Request"] = "true"
    return said


def _by_person(message: Message) -> bool:
    return message.role == "user" and any(isinstance(part, Text | Image) for part in message.parts)


def _shows_image(part: Part) -> bool:
    return isinstance(part, Image) or (isinstance(part, ToolResult) and bool(part.images))
