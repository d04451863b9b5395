"""Requests for `koi probe --request FILE`, in the words of OpenAI's chat format.

{"system": "…", "messages": [{"role": "user", "content": "…"}], "tools": [{"name", "description",
"parameters"}], "tool_choice": "auto", "max_tokens": 100, "temperature": 0, "stop": ["…"]}. Content
is text, or a list of {"type": "text"} and {"type": "image_url"} parts with data: URLs. Also read:
messages of the roles system, developer and tool, `tool_calls` of the assistant, tools inside
{"type": "function", "function": {…}} or with "input_schema", and max_completion_tokens. `model`
and `stream` are ignored.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Literal

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
    function: _Function


class _Tool(msgspec.Struct):
    name: str = ""
    description: str = ""
    parameters: JsonObject = {}
    input_schema: JsonObject = {}
    function: _Function | None = None


class _ImageUrl(msgspec.Struct):
    url: str


class _Content(msgspec.Struct):
    type: Literal["text", "image_url"]
    text: str = ""
    image_url: _ImageUrl | None = None


class _Message(msgspec.Struct):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[_Content] | None = None
    tool_calls: list[_Call] = []
    tool_call_id: str = ""


class _Request(msgspec.Struct, forbid_unknown_fields=True):
    messages: list[_Message]
    system: str = ""
    tools: list[_Tool] = []
    tool_choice: str | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    stop: str | list[str] = []
    model: str | None = None
    stream: bool | None = None


def read_request(body: bytes, model: str, where: str) -> ModelRequest:
    """The request in `body` for `model`. Raises UsageError, which names the field."""
    try:
        asked = msgspec.json.decode(body, type=_Request)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{where}: {error}", hint='The least is {"messages": [{"role": "user", "content": …}]}.'
        ) from error
    system = [asked.system] if asked.system else []
    messages: list[Message] = []
    for message in asked.messages:
        if message.role in ("system", "developer"):
            system += [part.text for part in _content(message, where) if isinstance(part, Text)]
        else:
            messages.append(_message(message, where))
    return ModelRequest(
        model=model,
        messages=tuple(messages),
        system="\n\n".join(system),
        tools=tuple(_tool(tool, where) for tool in asked.tools),
        max_tokens=asked.max_tokens or asked.max_completion_tokens,
        temperature=asked.temperature,
        stop=(asked.stop,) if isinstance(asked.stop, str) else tuple(asked.stop),
        tool_choice=asked.tool_choice,
    )


def _message(message: _Message, where: str) -> Message:
    content = _content(message, where)
    if message.role == "tool":
        said = "".join(part.text for part in content if isinstance(part, Text))
        return Message("user", (ToolResult(message.tool_call_id, said),))
    if message.role == "assistant":
        return Message("assistant", (*content, *(_call(call) for call in message.tool_calls)))
    return Message("user", tuple(content))


def _content(message: _Message, where: str) -> list[Part]:
    if message.content is None:
        return []
    if isinstance(message.content, str):
        return [Text(message.content)]
    return [_part(part, where) for part in message.content]


def _part(part: _Content, where: str) -> Part:
    if part.image_url is None:
        return Text(part.text)
    match = _DATA_URL.fullmatch(part.image_url.url)
    if match is None:
        raise UsageError(
            f"{where}: an image is not a data: URL",
            hint="Write data:image/png;base64,…: koi loads nothing from the network for it.",
        )
    try:
        return Image(match[1], base64.b64decode(match[2], validate=True))
    except binascii.Error as error:
        raise UsageError(
            f"{where}: an image is not base64: {error}",
            hint="What stands after ;base64, in a data: URL is encoded, without line breaks.",
        ) from error


def _call(call: _Call) -> ToolCall:
    raw = call.function.arguments
    arguments: object = raw
    if isinstance(raw, str):
        try:
            arguments = msgspec.json.decode(raw or "{}")
        except msgspec.DecodeError:
            arguments = None
    if isinstance(arguments, dict):
        found: JsonObject = arguments
        return ToolCall(call.id, call.function.name, found)
    return ToolCall(call.id, call.function.name, None, str(raw))


def _tool(tool: _Tool, where: str) -> ToolSchema:
    said = tool.function or tool
    if not said.name:
        raise UsageError(
            f"{where}: a tool has no name",
            hint='Write {"name": …, "description": …, "parameters": {…}} for each.',
        )
    parameters = said.parameters or tool.input_schema or {"type": "object", "properties": {}}
    return ToolSchema(said.name, said.description, parameters)
