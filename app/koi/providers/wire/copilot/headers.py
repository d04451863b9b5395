"""What Copilot wants to know of a request besides its body; it decides what is billed."""

from __future__ import annotations

from koi.core.messages import Image, ModelRequest, Part, Text, ToolResult

INTENT = "conversation-edits"


def request_headers(request: ModelRequest) -> dict[str, str]:
    """Whose turn it is, told truthfully, and whether there are images to look at.

    `user` is a turn that the person began, and is billed as such; what follows by itself upon the
    results of tools is the agent's.
    """
    said = {
        "Openai-Intent": INTENT,
        "X-Initiator": "user" if _by_person(request) else "agent",
    }
    if any(_shows_image(part) for message in request.messages for part in message.parts):
        said["Copilot-Vision-Request"] = "true"
    return said


def _by_person(request: ModelRequest) -> bool:
    if not request.messages:
        return True
    last = request.messages[-1]
    said = last.role == "user" and any(isinstance(part, Text | Image) for part in last.parts)
    return said and not request.follows_tools


def _shows_image(part: Part) -> bool:
    return isinstance(part, Image) or (isinstance(part, ToolResult) and bool(part.images))
