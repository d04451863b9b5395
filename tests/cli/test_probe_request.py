"""Requests for `koi probe --request`."""

from __future__ import annotations

import json

import pytest

from koi.cli.probe_request import read_request
from koi.core.errors import UsageError
from koi.core.messages import Image, Message, ModelRequest, Text, ToolCall, ToolResult, ToolSchema


def read(**fields: object) -> ModelRequest:
    return read_request(json.dumps(fields).encode(), "m", "request.json").request


def test_everything_at_once() -> None:
    body = {
        "system": "One.",
        "messages": [
            {"role": "system", "content": "Two."},
            {"role": "user", "content": [{"type": "text", "text": "Look."}]},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                ],
            },
            {"role": "tool", "tool_call_id": "c", "content": "done"},
        ],
        "tools": [
            {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}},
            {"name": "g", "description": "G."},
            {"name": "h", "input_schema": {"type": "object", "required": ["x"]}},
        ],
        "max_completion_tokens": 5,
        "temperature": 0,
        "stop": "END",
        "model": "ignored",
    }
    request = read_request(json.dumps(body).encode(), "m", "request.json").request
    assert request.model == "m"
    assert request.system == "One.\n\nTwo."
    assert request.messages == (
        Message("user", (Text("Look."),)),
        Message("assistant", (ToolCall("c", "f", {}),)),
        Message("user", (ToolResult("c", "done"),)),
    )
    assert request.tools == (
        ToolSchema("f", "", {"type": "object"}),
        ToolSchema("g", "G.", {"type": "object", "properties": {}}),
        ToolSchema("h", "", {"type": "object", "required": ["x"]}),
    )
    assert (request.max_tokens, request.temperature, request.stop) == (5, 0, ("END",))


def test_calls_as_koi_prints_them_are_read() -> None:
    printed = [
        {"type": "tool_call", "id": "a", "name": "f", "arguments": {"x": 1}},
        {"type": "tool_call", "id": "b", "name": "f", "arguments": None, "arguments_raw": '{"x"'},
    ]
    request = read(messages=[{"role": "assistant", "tool_calls": printed}])
    assert request.messages[0].parts == (
        ToolCall("a", "f", {"x": 1}),
        ToolCall("b", "f", None, '{"x"'),
    )


def test_images_are_data_urls() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,YWJj"}}
    body = {"messages": [{"role": "user", "content": [image]}]}
    request = read_request(json.dumps(body).encode(), "m", "request.json").request
    assert request.messages[0].parts == (Image("image/png", b"abc"),)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"messages": "hello"},
        {"messages": [{"role": "robot", "content": "x"}]},
        {"messages": [], "tools": [{}]},
        {"messages": [{"role": "assistant", "tool_calls": [{"id": "c"}]}]},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": {"url": "http://x/y.png"}}],
                }
            ]
        },
    ],
)
def test_mistakes_name_the_file(fields: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"request\.json"):
        read(**fields)


def test_what_is_not_sent_is_named() -> None:
    body = {"messages": [], "max_tokns": 5, "model": "x", "stream": True, "n": 1}
    assert read_request(json.dumps(body).encode(), "m", "request.json").left_out == (
        "max_tokns",
        "n",
    )


def test_the_words_of_anthropic_are_read_too() -> None:
    use = {"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1}}
    result = {"type": "tool_result", "tool_use_id": "1", "content": "no", "is_error": True}
    request = read(
        system=[{"type": "text", "text": "Be brief."}],
        messages=[{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}],
        stop_sequences=["END"],
        tool_choice={"type": "any"},
    )
    assert (request.system, request.stop) == ("Be brief.", ("END",))
    assert request.tool_choice == "required"
    assert request.messages[0].parts == (ToolCall("1", "f", {"a": 1}),)
    assert request.messages[1].parts == (ToolResult("1", "no", ok=False),)
