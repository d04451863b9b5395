"""The neutral conversation: what is sent to, and came from, any provider."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

JsonObject: TypeAlias = dict[str, object]


ToolMode: TypeAlias = Literal["native", "prompt", "off"]
"""How a model is offered tools: in its own format, described in the prompt, or not at all."""


class ProviderData(msgspec.Struct, frozen=True):
    """Opaque data of one provider family (signatures, encrypted reasoning), kept byte for byte.

    It is echoed only to a provider of the same `family`, and never shown.
    """

    family: str
    data: JsonObject


class Text(msgspec.Struct, frozen=True, tag="text"):
    """Visible text; `provider_data` is what the same family wants back with it."""

    text: str
    provider_data: ProviderData | None = None


class Reasoning(msgspec.Struct, frozen=True, tag="reasoning"):
    """What a model said while thinking; may be empty with only opaque data."""

    text: str
    provider_data: ProviderData | None = None


class Image(msgspec.Struct, frozen=True, tag="image"):
    """Raw image bytes (base64 in JSON) with their media type, such as image/png."""

    media_type: str
    data: bytes


class ToolCall(msgspec.Struct, frozen=True, tag="tool_call"):
    """A complete call. It never runs when `arguments` is None.

    Then `arguments_raw` is what the model wrote, which is no JSON object; or it is one, and the
    call was a quotation.
    """

    id: str
    name: str
    arguments: JsonObject | None
    arguments_raw: str = ""
    provider_data: ProviderData | None = None


class ToolResult(msgspec.Struct, frozen=True, tag="tool_result"):
    """The one answer to a tool call; `content` is what the model sees."""

    call_id: str
    content: str
    ok: bool = True
    images: tuple[Image, ...] = ()


class Opaque(msgspec.Struct, frozen=True, tag="opaque"):
    """A block of the answer that koi does not interpret (server-side tools and their results)."""

    provider_data: ProviderData


Part: TypeAlias = Text | Reasoning | Image | ToolCall | ToolResult | Opaque
Role: TypeAlias = Literal["user", "assistant"]


class Message(msgspec.Struct, frozen=True):
    """One message. Tool results are parts of a user message; the system prompt is not a message."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """All text parts joined with nothing between them."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The complete tool calls, in order."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall))


class ToolSchema(msgspec.Struct, frozen=True):
    """A tool as a model is told of it; `parameters` is a JSON Schema object."""

    name: str
    description: str
    parameters: JsonObject


class ModelRequest(msgspec.Struct, frozen=True):
    """One request to one model, in neutral form. None means: not sent, the provider decides."""

    model: str
    messages: tuple[Message, ...]
    system: str = ""
    tools: tuple[ToolSchema, ...] = ()
    max_tokens: int | None = None
    temperature: float | None = None
    stop: tuple[str, ...] = ()
    tool_choice: str | None = None
    """auto, none, required, or the name of one tool."""
    follows_tools: bool = False
    """True when the last message is results of tools that are told as text."""
