"""What the official SDKs would send: their request models, made strict, as judges of a body.

Each judge raises for a body that its SDK would not have written: a field that it does not know, a
value of another type, something that lacks. They are imported late, as they are heavy.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from urllib.parse import quote

from koi.catalogue.rows import Protocol
from koi.providers.wire.request import WireRequest

if TYPE_CHECKING:
    from botocore.model import ListShape, OperationModel, Shape, StructureShape
    from pydantic_core import CoreSchema, SchemaValidator

Json: TypeAlias = dict[str, Any]
Judge: TypeAlias = Callable[[WireRequest, Json], None]
CHAT_REASONING = {"reasoning_content", "reasoning", "reasoning_details", "reasoning_text"}
CHAT_REASONING |= {"reasoning_opaque"}
"""What compatible servers have added to OpenAI's assistant messages, and want back."""
OLLAMA_NEWER = {"truncate", "shift", "id", "tool_call_id"}
"""What the server's own request has, and its SDK for Python does not know yet:
https://github.com/ollama/ollama/blob/main/api/types.go"""


def judge_chat(wire: WireRequest, body: Json) -> None:
    """openai: chat.completions.create."""
    from openai.types.chat.completion_create_params import (
        CompletionCreateParamsNonStreaming,
        CompletionCreateParamsStreaming,
    )

    for message in body["messages"]:
        if message["role"] == "assistant":
            for name in CHAT_REASONING & set(message):
                del message[name]
            for call in message.get("tool_calls", ()):
                call.pop("extra_content", None)
    streaming = body.get("stream")
    _strict(
        CompletionCreateParamsStreaming if streaming else CompletionCreateParamsNonStreaming
    ).validate_python(body)


def judge_responses(wire: WireRequest, body: Json) -> None:
    """openai: responses.create.

    The SDK wants an id with all reasoning. The server does not, as it stores nothing.
    """
    from openai.types.responses.response_create_params import (
        ResponseCreateParamsNonStreaming,
        ResponseCreateParamsStreaming,
    )

    for item in body["input"]:
        if item.get("type") == "reasoning":
            item.setdefault("id", "rs_1")
    streaming = body.get("stream")
    _strict(
        ResponseCreateParamsStreaming if streaming else ResponseCreateParamsNonStreaming
    ).validate_python(body)


def judge_messages(wire: WireRequest, body: Json) -> None:
    """anthropic: messages.create.

    Its newest models refuse a temperature, and the SDK has it no more. Others still take it.
    """
    from anthropic.types.message_create_params import (
        MessageCreateParamsNonStreaming,
        MessageCreateParamsStreaming,
    )

    body.pop("temperature", None)
    streaming = body.get("stream")
    _strict(
        MessageCreateParamsStreaming if streaming else MessageCreateParamsNonStreaming
    ).validate_python(body)


def judge_gemini(wire: WireRequest, body: Json) -> None:
    """google-genai: the types that a request consists of; they refuse unknown fields."""
    from google.genai import types
    from pydantic import TypeAdapter

    parts: dict[str, TypeAdapter[Any]] = {
        "contents": TypeAdapter(list[types.Content]),
        "systemInstruction": TypeAdapter(types.Content),
        "tools": TypeAdapter(list[types.Tool]),
        "toolConfig": TypeAdapter(types.ToolConfig),
        "generationConfig": TypeAdapter(types.GenerationConfig),
    }
    for name, value in body.items():
        parts[name].validate_python(value)


def judge_converse(wire: WireRequest, body: Json) -> None:
    """botocore: the service's model, and the body and the path that it would send itself."""
    from botocore.serialize import create_serializer
    from botocore.validate import ParamValidator

    operation = wire.path.rpartition("/")[2]
    model = _operation("ConverseStream" if operation == "converse-stream" else "Converse")
    shape = model.input_shape
    assert shape is not None
    parameters = cast(Json, _with_bytes(body, shape)) | {"modelId": "model/id:0"}
    report = ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), report.generate_report()
    sent = create_serializer("rest-json").serialize_to_request(parameters, model)
    assert json.loads(sent["body"]) == body
    assert sent["url_path"] == f"/model/{quote('model/id:0', safe='')}/{operation}"


def judge_ollama(wire: WireRequest, body: Json) -> None:
    """ollama: chat. Its models drop what they do not know: nothing may get lost."""
    from ollama._types import ChatRequest, Message

    read = ChatRequest.model_validate(body).model_dump(exclude_none=True)
    # The request takes any mapping as a message; what the SDK sends is made by its Message.
    read["messages"] = [
        Message.model_validate(
            message | {"images": [{"value": image} for image in message.get("images", ())]}
        ).model_dump(exclude_none=True)
        for message in body["messages"]
    ]
    for tool in body.get("tools", ()):
        # Any JSON Schema may stand there; the SDK and the server read only some of its words.
        del tool["function"]["parameters"]
    lost = _lost(body, read)
    assert lost <= OLLAMA_NEWER


JUDGES: dict[Protocol, Judge] = {
    "openai-chat": judge_chat,
    "openai-responses": judge_responses,
    "anthropic": judge_messages,
    "gemini": judge_gemini,
    "bedrock": judge_converse,
    "ollama": judge_ollama,
}


@cache
def _strict(parameters: type) -> SchemaValidator:
    """The validator of a TypedDict in which no dictionary takes unknown fields.

    Iterables are checked as lists: pydantic would put that off until somebody iterates.
    """
    from pydantic import TypeAdapter
    from pydantic_core import SchemaValidator

    return SchemaValidator(cast("CoreSchema", _made_strict(TypeAdapter(parameters).core_schema)))


def _made_strict(schema: object) -> object:
    if isinstance(schema, list | tuple):
        return type(schema)(_made_strict(each) for each in schema)
    if not isinstance(schema, Mapping):
        return schema
    strict = {key: _made_strict(value) for key, value in schema.items()}
    match schema.get("type"):
        case "typed-dict":
            return strict | {"extra_behavior": "forbid"}
        case "generator":
            return {"type": "list", "items_schema": strict["items_schema"]}
    return strict


@cache
def _operation(name: str) -> OperationModel:
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    description = Loader().load_service_model("bedrock-runtime", "service-2")
    return ServiceModel(description, "bedrock-runtime").operation_model(name)


def _with_bytes(value: object, shape: Shape) -> object:
    """The value with bytes where the wire has base64, as botocore's callers give it."""
    match shape.type_name:
        case "blob" if isinstance(value, str):
            return base64.b64decode(value)
        case "structure" if isinstance(value, dict) and not _is_document(shape):
            members = cast("StructureShape", shape).members
            return {
                key: _with_bytes(each, members[key]) if key in members else each
                for key, each in value.items()
            }
        case "list" if isinstance(value, list):
            return [_with_bytes(each, cast("ListShape", shape).member) for each in value]
    return value


def _is_document(shape: Shape) -> bool:
    """Free JSON, such as the arguments of a call."""
    return bool(getattr(shape, "is_document_type", False))


def _lost(body: object, read: object) -> set[str]:
    """The names of fields that are not there any more."""
    match body, read:
        case dict(), dict():
            gone = {key for key, value in body.items() if value is not None and key not in read}
            return gone.union(*(_lost(body[key], read[key]) for key in body if key in read))
        case list(), list():
            return set().union(*map(_lost, body, read))
    return set()
