"""`koi probe`, the real command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from koi.cli.dispatch import run
from tests.conftest import RunKoi
from tests.servers.answers import Answer, calls, cut_stream, failure, text
from tests.servers.model_server import ModelServer
from tests.servers.ollama_server import LocalModel, OllamaServer


@pytest.fixture(autouse=True)
def configured(koi_home: Path, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with the scripted model under both protocols."""
    koi_home.mkdir(parents=True)
    file = koi_home / "config.toml"
    file.write_text(
        f"""
        [providers.chat]
        protocol = "openai-chat"
        base_url = "{model_server.openai_url}"
        api_key_env = "CHAT_KEY"
        [providers.claude]
        protocol = "anthropic"
        base_url = "{model_server.url}"
        [pricing."chat/m"]
        input_per_mtok = 1.0
        output_per_mtok = 10.0
        """
    )
    monkeypatch.setenv("CHAT_KEY", "sk-chat-key-0123456789")
    return file


def probe(capfdbinary: pytest.CaptureFixture[bytes], *arguments: str) -> tuple[int, list[Any]]:
    """The exit code, and the lines on standard output."""
    code = run(["probe", *arguments])
    written = capfdbinary.readouterr().out
    lines = [json.loads(line) for line in written.splitlines()]
    assert lines[-1]["type"] == "result"
    return code, lines


Capture = pytest.CaptureFixture[bytes]


@pytest.mark.parametrize("reference", ["chat/m", "claude/m"])
def test_an_answer_and_what_it_cost(
    reference: str, model_server: ModelServer, capfdbinary: Capture
) -> None:
    model_server.script(text("Hello", piece=3))
    code, lines = probe(capfdbinary, reference, "--prompt", "Hi")
    assert code == 0
    assert [line["type"] for line in lines] == [
        "request_started",
        "text",
        "text",
        "usage",
        "attempt",
        "result",
    ]
    assert (lines[-1]["text"], lines[-1]["ok"]) == ("Hello", True)
    price = {"chat/m": pytest.approx(0.0003), "claude/m": None}[reference]
    assert lines[-1]["cost_usd"] == price


def test_the_model_s_name_is_sent_as_it_is(model_server: ModelServer, capfdbinary: Capture) -> None:
    model_server.script(text("Hello"))
    probe(capfdbinary, "chat/no/such:model@9")
    assert model_server.model_requests[0].body["model"] == "no/such:model@9"


def test_tools_are_offered_and_never_run(
    model_server: ModelServer, capfdbinary: Capture, tmp_path: Path
) -> None:
    model_server.script(calls(("write", {"path": "x"})))
    file = tmp_path / "request.json"
    asked = {"messages": [{"role": "user", "content": "x"}], "tools": [{"name": "write"}]}
    file.write_text(json.dumps(asked))
    code, lines = probe(capfdbinary, "chat/m", "--request", str(file))
    assert code == 0
    assert lines[-1]["finish_reason"] == "tool_calls"
    assert {
        "type": "tool_call",
        "id": "call_1",
        "name": "write",
        "arguments": {"path": "x"},
    } in lines
    assert len(model_server.model_requests) == 1


def test_no_stream(model_server: ModelServer, capfdbinary: Capture) -> None:
    model_server.script(text("Hello"))
    code, lines = probe(capfdbinary, "chat/m", "--no-stream")
    assert (code, lines[-1]["text"]) == (0, "Hello")
    assert "stream" not in model_server.model_requests[0].body


def test_nothing_is_retried_unless_asked(model_server: ModelServer, capfdbinary: Capture) -> None:
    model_server.script(failure(503), text("Hello"))
    code, lines = probe(capfdbinary, "chat/m")
    assert (code, lines[-1]["error"]["kind"]) == (1, "overloaded")
    assert lines[-2]["type"] == "error"


def test_retries(model_server: ModelServer, capfdbinary: Capture) -> None:
    model_server.script(failure(503, retry_after="0"), text("Hello"))
    code, lines = probe(capfdbinary, "chat/m", "--retries", "1")
    assert (code, lines[-1]["text"]) == (0, "Hello")
    attempts = lines[-1]["attempts"]
    assert [(one["ok"], one["action"]) for one in attempts] == [(False, "retry"), (True, "done")]
    assert [line["action"] for line in lines if line["type"] == "attempt"] == ["retry", "done"]
    assert "retry" in [line["type"] for line in lines]


@pytest.mark.parametrize("reference", ["chat/m", "claude/m"])
def test_a_cut_answer_is_an_error(
    reference: str, model_server: ModelServer, capfdbinary: Capture
) -> None:
    model_server.script(cut_stream("Hello, world, again", 3))
    code, lines = probe(capfdbinary, reference)
    assert code == 1
    assert (lines[-1]["ok"], lines[-1]["error"]["kind"]) == (False, "network")


def test_a_refused_answer_is_complete(model_server: ModelServer, capfdbinary: Capture) -> None:
    model_server.script(Answer(text="No.", finish_reason="content_filter"))
    code, lines = probe(capfdbinary, "chat/m")
    assert (code, lines[-1]["finish_reason"]) == (0, "content_filter")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nobody/m",), 2),
        (("chat",), 2),
        (("chat/m", "--request", "/no/such/file"), 2),
        (("chat/m", "--request", "x", "--prompt", "y"), 2),
        (("anthropic/claude-sonnet-4-6",), 3),
    ],
)
def test_mistakes(arguments: tuple[str, ...], code: int, capfdbinary: Capture) -> None:
    assert run(["probe", *arguments]) == code


def test_the_demo_answers_too(capfdbinary: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOI_DEMO_PACE", "0")
    code, lines = probe(capfdbinary, "demo/koi", "--prompt", "hello")
    assert code == 0
    assert lines[-1]["text"]


def test_in_a_process_of_its_own(run_koi: RunKoi, model_server: ModelServer) -> None:
    model_server.script(text("Grüße 🚀"))
    done = run_koi("probe", "chat/m", "--request", "-", stdin='{"messages":[]}')
    assert done.returncode == 0
    assert json.loads(done.stdout.splitlines()[-1])["text"] == "Grüße 🚀"


def test_a_probe_is_one_request(
    koi_home: Path, capfdbinary: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OllamaServer(qwen=LocalModel()) as ollama:
        ollama.answers.append([{"content": "Hello"}])
        monkeypatch.setenv("OLLAMA_HOST", ollama.url)
        code, lines = probe(capfdbinary, "ollama/qwen")
        assert (code, lines[-1]["text"]) == (0, "Hello")
        assert [request.path for request in ollama.requests] == ["/api/chat"]


def test_a_provider_without_a_model_is_wrong_usage_with_a_hint_for_probe(run_koi: RunKoi) -> None:
    done = run_koi("probe", "vercel")
    assert done.returncode == 2
    assert "Name one: vercel/MODEL" in done.stderr
    assert "-m" not in done.stderr
