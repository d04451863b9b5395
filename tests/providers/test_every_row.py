"""One request to every provider of the catalogue, over a real socket, as its server receives it.

`every_row.json` says what each vendor documents: where chat requests go, in which header the key
is, and what the limit of an answer is called. KEY stands for the key.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import msgspec
import pytest

from koi.catalogue.catalogue import load_catalogue
from koi.cli.dispatch import run
from tests.servers.answers import Answer, JsonObject, text
from tests.servers.model_server import ModelServer, RecordedRequest

KEY = "sk-key-of-this-test-0123456789"
LIMIT = 77
FOREIGN = ("x-api-key", "authorization", "x-goog-api-key", "api-key")
"""Headers that hold keys."""
REQUEST = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Say hello."},
    ],
    "max_tokens": LIMIT,
}
CHAT: JsonObject = {
    "choices": [{"index": 0, "message": {"content": "hello"}, "finish_reason": "stop"}]
}
COMPLETED = {
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "hello"}]}],
}
ANSWERS: dict[str, JsonObject] = {
    "openai-chat": CHAT,
    "copilot": CHAT,
    "anthropic": {"content": [{"type": "text", "text": "hello"}], "stop_reason": "end_turn"},
    "gemini": {"candidates": [{"content": {"parts": [{"text": "hello"}]}, "finishReason": "STOP"}]},
    "bedrock": {
        "output": {"message": {"content": [{"text": "hello"}]}},
        "stopReason": "end_turn",
    },
    "ollama": {"message": {"content": "hello"}, "done": True, "done_reason": "stop"},
}


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    slug: str
    protocol: str
    variable: str | None
    base: str
    model: str
    path: str
    headers: dict[str, str]
    limit: str | None
    """Dotted; None where the limit is not sent."""


ROWS = msgspec.json.decode(
    Path(__file__).with_name("every_row.json").read_bytes(), type=tuple[Row, ...]
)
Capture = pytest.CaptureFixture[bytes]


def ask(server: ModelServer, reference: str, path: str, protocol: str, folder: Path) -> None:
    """Run `koi probe`, whose one answer is at `path` alone."""
    if protocol == "openai-responses":
        event = json.dumps({"type": "response.completed", "response": COMPLETED})
        body = f"data: {event}\n\n".encode()
    else:
        body = json.dumps(ANSWERS[protocol]).encode()
    server.pages[path] = lambda request: Answer(body=body)
    file = folder / "request.json"
    file.write_text(json.dumps(REQUEST))
    assert run(["probe", reference, "--request", str(file), "--no-stream"]) == 0


def configure(koi_home: Path, text: str) -> None:
    koi_home.mkdir(parents=True, exist_ok=True)
    (koi_home / "config.toml").write_text(text)


def the_request(server: ModelServer) -> RecordedRequest:
    """The one request for an answer."""
    (request,) = [each for each in server.requests if each.method == "POST"]
    return request


def at(body: JsonObject, dotted: str) -> object:
    value: object = body
    for name in dotted.split("."):
        value = cast(JsonObject, value).get(name)
    return value


def test_the_table_has_every_provider() -> None:
    assert {row.slug for row in ROWS} == {row.slug for row in load_catalogue().rows}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.slug)
def test_what_arrives(
    row: Row,
    model_server: ModelServer,
    koi_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: Capture,
) -> None:
    key_here = "" if row.variable else f'api_key = "{KEY}"\n'
    address = f"{model_server.url}{row.base}"
    configure(koi_home, f'[providers."{row.slug}"]\nbase_url = "{address}"\n{key_here}')
    if row.variable:
        monkeypatch.setenv(row.variable, KEY)
    ask(model_server, f"{row.slug}/{row.model}", row.path, row.protocol, tmp_path)
    result = json.loads(capfdbinary.readouterr().out.splitlines()[-1])
    assert (result["text"], result["finish_reason"]) == ("hello", "stop")
    request = the_request(model_server)
    assert request.path == row.path
    sent = {name: value.replace(KEY, "KEY") for name, value in request.headers.items()}
    assert row.headers.items() <= sent.items()
    assert {name for name in FOREIGN if name in sent} == {
        name for name in FOREIGN if name in row.headers
    }
    assert sent["user-agent"].startswith("koi/")
    assert KEY.encode() not in request.raw_body
    if row.limit is None:
        assert str(LIMIT).encode() not in request.raw_body
    else:
        assert at(request.body, row.limit) == LIMIT


@pytest.mark.parametrize(
    ("form", "path"),
    [
        ("custom:{url}", "/v1/chat/completions"),
        ("custom:{url}/v1/", "/v1/chat/completions"),
        ("custom:{url}/api/v3", "/api/v3/chat/completions"),
        ("custom:{url}/own/chat/completions", "/own/chat/completions"),
        ("anthropic-custom:{url}", "/v1/messages"),
        ("anthropic-custom:{url}/anthropic/", "/anthropic/v1/messages"),
    ],
)
def test_a_url_needs_no_key_and_then_none_is_sent(
    form: str,
    path: str,
    model_server: ModelServer,
    koi_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: Capture,
) -> None:
    for variable in ("API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ZEROCLAW_API_KEY"):
        monkeypatch.setenv(variable, KEY)
    model_server.script(text("hello"))
    provider = form.format(url=model_server.url)
    assert run(["run", "Say hello", "-p", provider, "-m", "vendor/any-model"]) == 0
    assert b"hello" in capfdbinary.readouterr().out
    request = the_request(model_server)
    assert (request.path, request.body["model"]) == (path, "vendor/any-model")
    assert not [header for header in FOREIGN if header in request.headers]
    assert KEY not in str(request.headers)
