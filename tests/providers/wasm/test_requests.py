"""What a plugin is given to build a request, and what koi takes from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from koi.core.errors import ProviderError
from koi.core.messages import (
    Image,
    JsonObject,
    Message,
    ModelRequest,
    Opaque,
    ProviderData,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    ToolSchema,
)
from koi.net.json_text import encode_json
from koi.providers.wasm.requests import build, neutral
from koi.providers.wasm.sandbox import Sandbox
from koi.providers.wire.request import WireOptions, WireRequest
from tests.providers.wasm.modules import install, module

HELLO = ModelRequest("some-model", (Message("user", (Text("Hello"),)),))
OPTIONS = WireOptions("mine/some", output_limit=4096)
OURS, THEIRS = ProviderData("mine/some", {"x": 1}), ProviderData("other", {"y": 2})


def built(
    folder: Path, answer: JsonObject | str | bytes, key_header: str | None = None
) -> WireRequest:
    """The request of a plugin that always answers the same."""
    written = json.dumps(answer) if isinstance(answer, dict) else answer
    sandbox = Sandbox(install(folder, module(build=written)))
    return build(sandbox, key_header, HELLO, OPTIONS)


def test_the_plugin_is_given_the_whole_request() -> None:
    request = ModelRequest(
        "some-model",
        (
            Message("user", (Text("Look"), Image("image/png", b"\x89PNG"))),
            Message(
                "assistant",
                (
                    Reasoning("mine", OURS),
                    Reasoning("other", THEIRS),
                    ToolCall("c1", "ls", {"path": "."}, provider_data=OURS),
                    ToolCall("c2", "ls", None, "{broken"),
                    Opaque(OURS),
                ),
            ),
            Message("user", (ToolResult("c1", "a.txt", images=(Image("image/png", b"x"),)),)),
        ),
        system="Be short.",
        tools=(ToolSchema("ls", "Lists.", {"type": "object"}),),
        max_tokens=100,
        temperature=0.5,
        stop=("END",),
        tool_choice="ls",
    )
    assert json.loads(encode_json(neutral(request, OPTIONS))) == {
        "model": "some-model",
        "stream": True,
        "system": "Be short.",
        "messages": [
            {
                "role": "user",
                "parts": [
                    {"type": "text", "text": "Look"},
                    {"type": "image", "media_type": "image/png", "data": "iVBORw=="},
                ],
            },
            {
                "role": "assistant",
                "parts": [
                    {"type": "reasoning", "text": "mine", "data": {"x": 1}},
                    {"type": "reasoning", "text": "other"},
                    {
                        "type": "tool_call",
                        "id": "c1",
                        "name": "ls",
                        "arguments": {"path": "."},
                        "arguments_raw": "",
                        "data": {"x": 1},
                    },
                    {
                        "type": "tool_call",
                        "id": "c2",
                        "name": "ls",
                        "arguments": None,
                        "arguments_raw": "{broken",
                    },
                ],
            },
            {
                "role": "user",
                "parts": [
                    {
                        "type": "tool_result",
                        "call_id": "c1",
                        "name": "ls",
                        "content": "a.txt",
                        "ok": True,
                        "images": [{"type": "image", "media_type": "image/png", "data": "eA=="}],
                    }
                ],
            },
        ],
        "tools": [{"name": "ls", "description": "Lists.", "parameters": {"type": "object"}}],
        "stop": ["END"],
        "max_tokens": 100,
        "temperature": 0.5,
        "tool_choice": "ls",
        "output_limit": 4096,
    }


def test_what_is_not_set_is_not_there() -> None:
    given = neutral(HELLO, WireOptions("mine", stream=False))
    assert set(given) == {"model", "stream", "system", "messages", "tools", "stop"}
    assert given["stream"] is False


def test_path_headers_and_body_are_the_plugins(tmp_path: Path) -> None:
    answer: JsonObject = {
        "path": "/v1/models/m%3Aone/ask?alt=sse&x=a/b",
        "headers": {"X-Version": "2024-01-01"},
        "body": {"n": 1, "deep": [{"x": None}]},
    }
    assert built(tmp_path, answer) == WireRequest(
        "/v1/models/m%3Aone/ask?alt=sse&x=a/b",
        {"X-Version": "2024-01-01"},
        {"n": 1, "deep": [{"x": None}]},
    )


PATHS = [
    "",
    "ask",
    "https://evil.example.org/",
    "//evil.example.org/",
    "/\\evil.example.org/",
    "/x//evil.example.org/",
    "/%2F%2Fevil.example.org",
    "/%2f/evil",
    "/a?to=https://evil.example.org",
    "/../admin",
    "/v1/..",
    "/v1/./x",
    "/v1/%2e%2e/admin",
    "/v1/%2E./admin",
    "/v1/..%2fadmin",
    "/v1/..%5cadmin",
    "/v1/%252e%252e/admin",
    "/a b",
    "/a\r\nHost: evil",
    "/a\u00e9",
    "/a#fragment",
    "/" + "a" * 2000,
    "@evil.example.org/",
    ".evil.example.org/",
    ":8080/",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_stays_on_its_base_url(tmp_path: Path, path: str) -> None:
    with pytest.raises(ProviderError, match="which could leave its base URL") as raised:
        built(tmp_path, {"path": path, "body": {}})
    assert raised.value.kind == "network_policy"


HEADERS = [
    ("Authorization", "Bearer stolen"),
    ("authorization", "x"),
    ("AUTHORIZATION", "x"),
    ("Host", "evil.example.org"),
    ("Cookie", "a=b"),
    ("Content-Length", "0"),
    ("Transfer-Encoding", "chunked"),
    ("Connection", "close"),
    ("Accept-Encoding", "gzip"),
    ("Proxy-Authorization", "x"),
    ("x-api-key", "x"),
    ("X-Special-Key", "x"),
    ("x-special-key", "x"),
    ("X-A", "a\r\nAuthorization: stolen"),
    ("X-A", "a\nb"),
    ("X-A", "\0"),
    ("X-A", "\u00e9"),
    ("X-A", "a" * 8001),
    ("X-A\r\nHost", "evil"),
    ("X A", "a"),
    ("X-A:", "a"),
    ("", "a"),
]


@pytest.mark.parametrize(("name", "value"), HEADERS)
def test_no_header_is_set_that_is_kois_or_none(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ProviderError, match="The plugin Test plugin wants") as raised:
        built(tmp_path, {"path": "/", "headers": {name: value}, "body": {}}, "X-Special-Key")
    assert raised.value.kind == "network_policy"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("", "is not JSON: Input data was truncated"),
        ("hello", "is not JSON"),
        ("[]", "not as agreed: Expected `object`, got `array`"),
        ("null", "not as agreed"),
        ('{"path": "/"}', "its answer has no body"),
        ('{"path": 7, "body": {}}', "Expected `str`, got `int` - at `$.path`"),
        ('{"path": "/", "body": []}', "Expected `object | null`, got `array` - at `$.body`"),
        ('{"path": "/", "body": {}, "host": "evil"}', "unknown field `host`"),
        ('{"path": "/", "headers": {"A": 1}, "body": {}}', "Expected `str`, got `int`"),
        ('{"path": "/", "body": {"n": NaN}}', "is not JSON"),
        ('{"path": "/", "body": {"n": 1e999}}', "Number out of range"),
        ('{"path": "/", "body": {}} {}', "is not JSON"),
        ('{"path": "/", "body": {"a": "\\ud800"}}', "is not JSON"),
        (b'{"path": "/", "body": {"a": "\xff"}}', "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        ('{"path": "/", "body": {"a": ' + "[" * 5000 + "]" * 5000 + "}}", "is not JSON"),
    ],
)
def test_a_wrong_answer_is_an_error_that_says_where(
    tmp_path: Path, answer: str | bytes, problem: str
) -> None:
    with pytest.raises(ProviderError) as raised:
        built(tmp_path, answer)
    assert raised.value.kind == "protocol"
    assert raised.value.title.startswith("The plugin Test plugin failed: build_request: ")
    assert problem in raised.value.title


def test_a_plugin_may_refuse_in_its_own_words(tmp_path: Path) -> None:
    refusal: JsonObject = {"error": {"kind": "bad_request", "message": "No pictures, please."}}
    with pytest.raises(ProviderError, match=r"^No pictures, please\.$") as raised:
        built(tmp_path, refusal)
    assert raised.value.kind == "bad_request"
    with pytest.raises(ProviderError, match="Invalid enum value 'cancelled'"):
        built(tmp_path, {"error": {"kind": "cancelled", "message": ""}})
