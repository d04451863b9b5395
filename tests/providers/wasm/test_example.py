"""The example plugin, as it is committed: whole turns through koi, and that its source makes it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import cast

import pytest

from tests.conftest import RunKoi
from tests.providers.wasm.example import EXAMPLE, KEY, install
from tests.servers.answers import Answer, JsonObject, calls, cut_stream, failure, text
from tests.servers.model_server import ModelServer

PICTURE = "iVBORw0KGgo="


@pytest.fixture(autouse=True)
def configured(koi_home: Path, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example beside the configuration file; its service is the scripted model."""
    monkeypatch.setenv("COHERE_TEST_API_KEY", KEY)
    return install(koi_home, model_server.url)


def probe(run_koi: RunKoi, *arguments: str, request: JsonObject | None = None) -> list[JsonObject]:
    """The lines of `koi probe mine/m`."""
    ask = ("--request", "-") if request else ("--prompt", "Hello")
    done = run_koi("probe", "mine/m", *ask, *arguments, stdin=json.dumps(request))
    assert "Traceback" not in done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_turn_with_a_tool(run_koi: RunKoi, model_server: ModelServer, workspace: Path) -> None:
    say = 'Its "end" \\ 鯉 🐟\n'
    model_server.script(
        calls(("write", {"path": "note.txt", "content": say}), content="I write."),
        text("Done: 鯉 and 🐟.", input_tokens=200, cached_tokens=50, output_tokens=7, piece=3),
    )
    done = run_koi("run", "--output", "json", "-m", "mine", "--mode", "edit", "Write a note")
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert result["text"] == "I write.Done: 鯉 and 🐟."
    assert result["finish_reason"] == "stop"
    assert result["model"] == "mine/command-a-03-2025"
    assert (workspace / "note.txt").read_text("utf-8") == say
    usage = result["usage"]
    assert (usage["input_tokens"], usage["cache_read_tokens"]) == (300, 50)
    assert usage["output_tokens"] == 27
    first, second = model_server.model_requests
    assert first.path == "/v2/chat"
    assert first.headers["authorization"] == f"Bearer {KEY}"
    assert "write" in str(first.body["tools"])
    assert first.messages[0]["role"] == "system"
    *_, answer, outcome = second.messages
    assert answer["content"] == [{"type": "text", "text": "I write."}]
    assert answer["tool_plan"] == "A plan."
    (call,) = cast(list[JsonObject], answer["tool_calls"])
    given = cast(JsonObject, call["function"])
    assert given["name"] == "write"
    assert json.loads(cast(str, given["arguments"])) == {"path": "note.txt", "content": say}
    assert (outcome["role"], outcome["tool_call_id"]) == ("tool", call["id"])
    assert KEY not in done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [(), ("--no-stream",)])
def test_thinking_text_call_and_usage_arrive(
    run_koi: RunKoi, model_server: ModelServer, arguments: tuple[str, ...]
) -> None:
    wanted = calls(("ls", {"path": "a\nb"}), ("ls", "{}"), content="Two\tcalls")
    model_server.script(Answer("Two\tcalls", "Well \u2026", wanted.calls, cached_tokens=30))
    *_, result = probe(run_koi, *arguments)
    assert (result["text"], result["reasoning"]) == ("Two\tcalls", "Well \u2026A plan.")
    assert result["finish_reason"] == "tool_calls"
    found = cast(list[JsonObject], result["tool_calls"])
    assert [call["arguments"] for call in found] == [{"path": "a\nb"}, {}]
    assert cast(JsonObject, result["usage"])["cache_read_tokens"] == 30
    assert model_server.model_requests[0].body.get("stream") is (not arguments)


def test_every_part_of_a_request_has_its_place(run_koi: RunKoi, model_server: ModelServer) -> None:
    function = {"name": "look", "description": "Looks.", "parameters": {"type": "object"}}
    asked = {"name": "look", "arguments": '{"at": 1.50}'}
    url = f"data:image/png;base64,{PICTURE}"
    request: JsonObject = {
        "messages": [
            {"role": "system", "content": "Be short."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is it?"},
                    {"type": "image_url", "image_url": {"url": url}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c1", "type": "function", "function": asked}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": 'A "fish"'},
        ],
        "tools": [{"type": "function", "function": function}],
        "tool_choice": "required",
        "max_tokens": 99,
        "temperature": 0.25,
        "stop": ["END"],
    }
    model_server.script(text("A fish."))
    assert probe(run_koi, request=request)[-1]["text"] == "A fish."
    assert model_server.model_requests[0].body == {
        "model": "m",
        "stream": True,
        "messages": [
            {"role": "system", "content": "Be short."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is it?"},
                    {"type": "image_url", "image_url": {"url": url}},
                ],
            },
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "look", "arguments": '{"at":1.5}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": 'A "fish"'},
        ],
        "tools": [{"type": "function", "function": function}],
        "tool_choice": "REQUIRED",
        "max_tokens": 99,
        "temperature": 0.25,
        "stop_sequences": ["END"],
    }


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (failure(401, "invalid api token"), "auth", "invalid api token"),
        (failure(429, "slow down"), "rate_limit", "slow down"),
        (cut_stream("A long answer that breaks off"), "network", "broke off"),
        (cut_stream("A long answer that breaks off", how="clean"), "network", "cut off"),
        (Answer("Some", error="the model is tired"), "overloaded", "the model is tired"),
        (Answer(body=b"data: {nonsense\n\n"), "protocol", "something that is not JSON"),
        (Answer(body=b'{"id": 1}'), "protocol", "holds no message"),
        (Answer(body=b"<html></html>"), "protocol", ""),
    ],
)
def test_failures_are_named(
    run_koi: RunKoi, model_server: ModelServer, answer: Answer, kind: str, words: str
) -> None:
    model_server.script(answer)
    error = cast(JsonObject, probe(run_koi)[-1]["error"])
    assert error["kind"] == kind
    assert words in cast(str, error["message"])


@pytest.mark.parametrize(
    ("raw", "reason"),
    [("MAX_TOKENS", "length"), ("STOP_SEQUENCE", "stop"), ("ERROR_TOXIC", "content_filter")],
)
def test_reasons_to_end_are_translated(
    run_koi: RunKoi, model_server: ModelServer, raw: str, reason: str
) -> None:
    model_server.script(Answer("Some", finish_reason=raw))
    assert probe(run_koi)[-1]["finish_reason"] == reason


def test_without_its_key_the_variable_is_named(
    run_koi: RunKoi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COHERE_TEST_API_KEY")
    done = run_koi("run", "-m", "mine/m", "Hi")
    assert done.returncode == 3
    assert "no key for Cohere (v2 chat)" in done.stderr
    assert "COHERE_TEST_API_KEY" in done.stderr


def test_the_example_goes_to_the_real_service() -> None:
    manifest = (EXAMPLE / "cohere-v2.toml").read_text("utf-8")
    assert 'allowed_hosts = ["api.cohere.com"]' in manifest


@pytest.mark.peers
def test_the_source_makes_the_committed_module(
    tmp_path: Path, persons_environment: dict[str, str]
) -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    folder = tmp_path / "wasm-provider"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("node_modules", "*.wasm"))
    subprocess.run(
        [folder / "build"], env=persons_environment, check=True, timeout=600, capture_output=True
    )
    assert (folder / "cohere-v2.wasm").read_bytes() == (EXAMPLE / "cohere-v2.wasm").read_bytes()
