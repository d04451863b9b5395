"""Which refusals teach something, and how the next request looks."""

from __future__ import annotations

import json

import pytest

from koi.core.errors import ProviderError
from koi.core.messages import Message, ModelRequest, Text, ToolSchema
from koi.net.errors import response_error
from koi.providers.refusals import (
    in_words,
    lighter_body,
    lighter_request,
    refused_name,
    sent_names,
)
from koi.providers.wire.anthropic.build import build as build_messages
from koi.providers.wire.openai_chat.build import build as build_chat
from koi.providers.wire.request import WireOptions

REQUEST = ModelRequest(
    "m",
    (Message("user", (Text("Hello"),)),),
    "Be brief.",
    (ToolSchema("ls", "lists", {"type": "object"}),),
    100,
    0.5,
    ("END",),
    "required",
)
CHAT = build_chat(REQUEST, WireOptions("f"))
SENT = sent_names(REQUEST, CHAT, stream=True)


def refusal(status: int, body: object) -> ProviderError:
    return response_error(status, {}, json.dumps(body).encode())


def openai(message: str, code: str | None = None, param: str | None = None) -> object:
    kind = "invalid_request_error"
    return {"error": {"message": message, "type": kind, "code": code, "param": param}}


def fastapi(kind: str, place: list[str], message: str) -> object:
    return {"detail": [{"type": kind, "loc": place, "msg": message}]}


TEACHING = {
    "OpenAI, max_tokens": (
        "max_tokens",
        refusal(
            400,
            openai(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                "'max_completion_tokens' instead.",
                "unsupported_parameter",
                "max_tokens",
            ),
        ),
    ),
    "OpenAI, temperature": (
        "temperature",
        refusal(
            400,
            openai(
                "Unsupported value: 'temperature' does not support 0.5 with this model. Only the "
                "default (1) value is supported.",
                "unsupported_value",
                "temperature",
            ),
        ),
    ),
    "OpenAI, the role system": (
        "system",
        refusal(
            400,
            openai(
                "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
                "unsupported_value",
                "messages[0].role",
            ),
        ),
    ),
    "OpenAI, stop": (
        "stop",
        refusal(400, openai("Unsupported parameter: 'stop' is not supported.", None, "stop")),
    ),
    "OpenAI, streams": (
        "stream",
        refusal(400, openai("'stream' does not support true with this model.", None, "stream")),
    ),
    "Mistral": (
        "stream_options",
        refusal(
            422,
            fastapi("extra_forbidden", ["body", "stream_options"], "Extra inputs not permitted"),
        ),
    ),
    "Mistral, inside of a message": (
        "stream_options",
        refusal(
            422,
            {
                "object": "error",
                "message": fastapi(
                    "extra_forbidden", ["body", "stream_options"], "Extra inputs not permitted"
                ),
                "type": "invalid_request_error",
            },
        ),
    ),
    "Anthropic": (
        "temperature",
        refusal(
            400,
            {
                "type": "error",
                "error": {
                    "type": "invalid_request_error",
                    "message": "`temperature` is deprecated for this model.",
                },
            },
        ),
    ),
    "Gemini": (
        "stream_options",
        refusal(
            400,
            {
                "error": {
                    "code": 400,
                    "message": 'Invalid JSON payload received. Unknown name "stream_options": '
                    "Cannot find field.",
                    "status": "INVALID_ARGUMENT",
                }
            },
        ),
    ),
    "Gemma": (
        "system",
        refusal(
            400,
            {
                "error": {
                    "code": 400,
                    "message": "Developer instruction is not enabled for models/gemma-3-27b-it",
                    "status": "INVALID_ARGUMENT",
                }
            },
        ),
    ),
    "in plain words": (
        "stream_options",
        refusal(400, {"error": "Unrecognized request argument supplied: stream_options"}),
    ),
    "Ollama, tools": (
        "tools",
        refusal(400, {"error": "registry.ollama.ai/library/gemma:2b does not support tools"}),
    ),
    "OpenRouter, tools": (
        "tools",
        refusal(
            404, {"error": {"message": "No endpoints found that support tool use.", "code": 404}}
        ),
    ),
    "vLLM, tools": (
        "tools",
        refusal(
            400,
            openai(
                '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to '
                "be set"
            ),
        ),
    ),
    "Bedrock, tools in streams": (
        "stream",
        refusal(400, {"message": "This model doesn't support tool use in streaming mode."}),
    ),
    "Bedrock, tools": (
        "tools",
        refusal(400, {"message": "This model doesn't support tool use."}),
    ),
    "tool_choice": (
        "tool_choice",
        refusal(400, openai("tool_choice is not supported by this model", None, "tool_choice")),
    ),
}


@pytest.mark.parametrize(("name", "error"), TEACHING.values(), ids=TEACHING.keys())
def test_a_refusal_teaches(name: str, error: ProviderError) -> None:
    assert refused_name(error, SENT) == name


@pytest.mark.parametrize(("name", "error"), TEACHING.values(), ids=TEACHING.keys())
def test_what_was_not_sent_cannot_be_refused(name: str, error: ProviderError) -> None:
    assert refused_name(error, SENT - {name, "tools"}) == ""


SILENT = {
    "out of range": refusal(400, openai("temperature must be at most 1", None, "temperature")),
    "too many tokens": refusal(400, openai("max_tokens: 9000 > 4096, the maximum", None, None)),
    "a rate": refusal(429, openai("temperature is not supported", "unsupported_parameter")),
    "a key": refusal(401, openai("'stop' is not supported", None, "stop")),
    "an outage": refusal(503, openai("stream_options is not supported")),
    "another parameter": refusal(400, openai("'seed' is not supported", None, "seed")),
    "an English word": refusal(400, openai("This model is not supported, so please stop.")),
    "a broken schema": refusal(
        400, openai("Invalid schema: 'oneOf' is not permitted.", None, "tools[0].parameters")
    ),
    "an error inside of a stream": ProviderError(
        "stream_options is not supported", kind="bad_request", status=200
    ),
    "no answer": ProviderError("temperature is not supported", kind="network"),
}


@pytest.mark.parametrize("error", SILENT.values(), ids=SILENT.keys())
def test_other_errors_teach_nothing(error: ProviderError) -> None:
    assert refused_name(error, SENT) == ""


def test_a_limit_that_is_mandatory_is_kept() -> None:
    wire = build_messages(REQUEST, WireOptions("f"))
    assert "max_tokens" not in sent_names(REQUEST, wire, stream=True)


def test_settings_are_left_out_before_a_protocol_writes_them() -> None:
    refused = {"temperature", "stop", "tool_choice", "system"}
    light = lighter_request(REQUEST, refused)
    assert (light.temperature, light.stop, light.tool_choice, light.system) == (None, (), None, "")
    assert light.messages[0].parts == (Text("Be brief."), Text("Hello"))


def test_fields_are_left_out_or_renamed() -> None:
    assert lighter_body(CHAT.body, frozenset()) is CHAT.body
    light = lighter_body(CHAT.body, {"max_tokens", "stream_options"})
    assert light["max_completion_tokens"] == 100
    assert not {"max_tokens", "stream_options"} & light.keys()
    assert "max_completion_tokens" not in lighter_body(
        CHAT.body, {"max_tokens", "max_completion_tokens"}
    )


def test_what_a_request_is_made_of_is_never_left_out() -> None:
    names = {"model", "messages", "tools", "stream"}
    assert lighter_body(CHAT.body, names) == CHAT.body


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tools", "with tools described in the prompt"),
        ("max_tokens", "with max_completion_tokens"),
        ("temperature", "without temperature"),
        ("stream", "without streaming"),
    ],
)
def test_a_lesson_in_words(name: str, words: str) -> None:
    assert in_words(name) == words
