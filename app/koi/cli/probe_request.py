"""Requests for `koi probe --request FILE`, in the words of OpenAI's chat format.

{"system": "…", "messages": [{"role": "user", "content": "…"}], "tools": [{"name", "description",
"parameters"}], "tool_choice": "auto", "max_tokens": 100, "temperature": 0, "stop": ["…"]}. Content
is text, or a list of {"type": "text"} and {"type": "image_url"} parts with data: URLs. Also read:
messages of the roles system, developer and tool, `tool_calls` of the assistant (also in the form
in which koi prints them), tools inside {"type": "function", "function": {…}},
max_completion_tokens, and what Anthropic calls these things (a system of text blocks, image,
tool_use and tool_result blocks, input_schema, stop_sequences).
`model` and `stream` are left to the command line; other fields are not sent, and named.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Literal, NamedTuple

import msgspec

from koi.core.errors import UsageError
from koi.core.messages import (
    Image,
    JsonObject,
    Message,
    ModelRequest,
    Part,
    Text,
    ToolCall,
    ToolResult,
    ToolSchema,
)

_DATA_URL = re.compile(r"data:([\w.+/-]+);base64,(.*)", re.DOTALL)


class _Function(msgspec.Struct):
    name: str
    arguments: str | JsonObject = ""
    description: str = ""
    parameters: JsonObject = {}


class _Call(msgspec.Struct):
    id: str
    function: _Function | None = None
    name: str = ""
    arguments: str | JsonObject | None = ""
    arguments_raw: str = ""


class _Tool(msgspec.Struct):
    name: str = ""
    description: str = ""
    parameters: JsonObject = {}
    input_schema: JsonObject = {}
    function: _Function | None = None


class _ImageUrl(msgspec.Struct):
    url: str


class _Source(msgspec.Struct):
    media_type: str = ""
    data: str = ""


class _Content(msgspec.Struct):
    type: str
    text: str = ""
    image_url: _ImageUrl | None = None
    source: _Source | None = None
    id: str = ""
    name: str = ""
    input: JsonObject = {}
    tool_use_id: str = ""
    content: str | list[_Content] = ""
    is_error: bool = False


class _Message(msgspec.Struct):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[_Content] | None = None
    tool_calls: list[_Call] = []
    tool_call_id: str = ""


class _Request(msgspec.Struct):
    messages: list[_Message]
    system: str | list[_Content] = ""
    tools: list[_Tool] = []
    tool_choice: str | JsonObject | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    stop: str | list[str] | None = None
    stop_sequences: list[str] = []
    model: str | None = None
    stream: bool | None = None


class ProbeRequest(NamedTuple):
    """A request, and the names of what stood in the file and is not sent."""

    request: ModelRequest
    left_out: tuple[str, ...]


def read_request(body: bytes, model: str, where: str) -> ProbeRequest:
    """The request in `body` for `model`. Raises UsageError, which names the field."""
    try:
        asked = msgspec.json.decode(body, type=_Request)
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{where}: {error}", hint='The least is {"messages": [{"role": "user", "content": …}]}.'
        ) from error
    system = [part.text for part in _parts(asked.system, where) if isinstance(part, Text)]
    messages: list[Message] = []
    for message in asked.messages:
        if message.role in ("system", "developer"):
            system += [part.text for part in _content(message, where) if isinstance(part, Text)]
        else:
            messages.append(_message(message, where))
    stop = [asked.stop] if isinstance(asked.stop, str) else asked.stop or asked.stop_sequences
    request = ModelRequest(
        model=model,
        messages=tuple(messages),
        system="\n\n".join(system),
        tools=tuple(_tool(tool, where) for tool in asked.tools),
        max_tokens=asked.max_tokens or asked.max_completion_tokens,
        temperature=asked.temperature,
        stop=tuple(stop),
        tool_choice=_tool_choice(asked.tool_choice),
    )
    return ProbeRequest(request, tuple(sorted(set(fields) - set(_Request.__struct_fields__))))


def _tool_choice(choice: str | JsonObject | None) -> str | None:
    """auto, none, required, or a tool's name, from the words of either format."""
    if choice is None or isinstance(choice, str):
        return choice
    function = choice.get("function")
    name = function.get("name") if isinstance(function, dict) else choice.get("name")
    if isinstance(name, str) and name:
        return name
    kind = str(choice.get("type", "auto"))
    return "required" if kind == "any" else kind


def _message(message: _Message, where: str) -> Message:
    content = _content(message, where)
    if message.role == "tool":
        said = "".join(part.text for part in content if isinstance(part, Text))
        return Message("user", (ToolResult(message.tool_call_id, said),))
    if message.role == "assistant":
        return Message(
            "assistant", (*content, *(_call(call, where) for call in message.tool_calls))
        )
    return Message("user", tuple(content))


def _content(message: _Message, where: str) -> list[Part]:
    return _parts(message.content or "", where)


def _parts(content: str | list[_Content], where: str) -> list[Part]:
    if isinstance(content, str):
        return [Text(content)] if content else []
    return [part for block in content if (part := _part(block, where)) is not None]


def _part(block: _Content, where: str) -> Part | None:
    """A block as a part; None for what only its own provider could read (thinking, documents)."""
    match block.type:
        case "text":
            return Text(block.text)
        case "image_url" if block.image_url is not None:
            return _data_url(block.image_url.url, where)
        case "image" if block.source is not None:
            return _image(block.source.media_type, block.source.data, where)
        case "tool_use":
            return ToolCall(block.id, block.name, block.input)
        case "tool_result":
            inside = _parts(block.content, where)
            said = "".join(part.text for part in inside if isinstance(part, Text))
            images = tuple(part for part in inside if isinstance(part, Image))
            return ToolResult(block.tool_use_id, said, not block.is_error, images)
        case _:
            return None


def _data_url(url: str, where: str) -> Image:
    match = _DATA_URL.fullmatch(url)
    if match is None:
        raise UsageError(
            f"{where}: an image is not a data: URL",
            hint="Write data:image/png;base64,…: koi loads nothing from the network for it.",
        )
    return _image(match[1], match[2], where)


def _image(media_type: str, data: str, where: str) -> Image:
    try:
        return Image(media_type, base64.b64decode(data, validate=True))
    except binascii.Error as error:
        raise UsageError(
            f"{where}: an image is not base64: {error}",
            hint="What stands after ;base64, in a data: URL is encoded, without line breaks.",
        ) from error


def _call(call: _Call, where: str) -> ToolCall:
    said = call.function or call
    if not said.name:
        raise UsageError(
            f"{where}: a call has no name",
            hint='Write {"id": …, "name": …, "arguments": {…}} for each.',
        )
    raw = call.arguments_raw if said.arguments is None else said.arguments
    arguments: object = raw
    if isinstance(raw, str):
        try:
            arguments = msgspec.json.decode(raw or "{}")
        except msgspec.DecodeError:
            arguments = None
    if isinstance(arguments, dict):
        found: JsonObject = arguments
        return ToolCall(call.id, said.name, found)
    return ToolCall(call.id, said.name, None, str(raw))


def _tool(tool: _Tool, where: str) -> ToolSchema:
    said = tool.function or tool
    if not said.name:
        raise UsageError(
            f"{where}: a tool has no name",
            hint='Write {"name": …, "description": …, "parameters": {…}} for each.',
        )
    parameters = said.parameters or tool.input_schema or {"type": "object", "properties": {}}
    return ToolSchema(said.name, said.description, parameters)
