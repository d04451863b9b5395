"""`koi run` against aimock, a server of others that speaks both wire formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from tests.conftest import RunKoi
from tests.peers.conftest import Peer
from tests.servers.answers import JsonObject

pytestmark = pytest.mark.peers
KEY = "test-key-for-aimock-0123456789"


@pytest.fixture(params=["openai-chat", "anthropic"])
def model(request: pytest.FixtureRequest, aimock: Peer, koi_home: Path) -> str:
    """The server in one of its formats, as the configured provider."""
    protocol = str(request.param)
    koi_home.mkdir()
    base_url = f"{aimock.url}/v1" if protocol == "openai-chat" else aimock.url
    (koi_home / "config.toml").write_text(
        f"""
        [providers.aimock]
        protocol = "{protocol}"
        base_url = "{base_url}"
        api_key = "{KEY}"
        [reliability]
        backoff_ms = 1
        [pricing."m"]
        input_per_mtok = 1.0
        output_per_mtok = 10.0
        cache_read_per_mtok = 0.5
        """
    )
    return "aimock/m"


def run(run_koi: RunKoi, model: str, prompt: str, *flags: str) -> tuple[int, JsonObject]:
    """The exit code and the result."""
    done = run_koi("run", "--output", "json", "-m", model, *flags, prompt)
    assert "Traceback" not in done.stderr
    return done.returncode, cast(JsonObject, json.loads(done.stdout))


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("peer:hello", "Hello from aimock."),
        (
            "peer:unicode",
            'naïve café — 鯉 koi 🐟 العربية\nline two\n\n```python\nprint("x")\n```\n',
        ),
        ("peer:reasoning", "The answer is 42."),
        ("peer:empty", ""),
    ],
)
def test_answers_arrive_whole(run_koi: RunKoi, model: str, prompt: str, text: str) -> None:
    code, result = run(run_koi, model, prompt)
    assert (code, result["text"], result["finish_reason"]) == (0, text, "stop")
    assert (prompt == "peer:reasoning") == bool(result["reasoning"])


def test_a_file_is_written_and_the_model_is_told(
    run_koi: RunKoi, model: str, workspace: Path, aimock: Peer
) -> None:
    call = {"id": "c1", "name": "write", "arguments": {"path": "note.txt", "content": "pond"}}
    asked = {"userMessage": "make a note"}
    aimock.add_fixtures(
        {"match": asked | {"hasToolResult": False}, "response": {"toolCalls": [call]}},
        {"match": asked | {"hasToolResult": True}, "response": {"content": "Noted."}},
    )
    code, result = run(run_koi, model, "make a note", "--mode", "edit")
    assert (code, result["text"]) == (0, "Noted.")
    assert (workspace / "note.txt").read_text() == "pond"
    assert len(cast(list[object], result["attempts"])) == 2


@pytest.mark.parametrize(
    ("prompt", "calls"),
    [("peer:tool", 1), ("peer:parallel", 2), ("peer:chain", 2), ("peer:noargs", 1)],
)
def test_calls_of_tools_that_koi_has_not_are_answered_and_the_turn_ends(
    run_koi: RunKoi, model: str, prompt: str, calls: int
) -> None:
    code, result = run(run_koi, model, prompt)
    assert (code, result["finish_reason"]) == (0, "stop")
    assert len(cast(list[object], result["tool_calls"])) == calls


def test_usage_and_cost(run_koi: RunKoi, model: str, koi_home: Path) -> None:
    openai = "openai-chat" in (koi_home / "config.toml").read_text()
    prompt = "peer:usage-openai" if openai else "peer:usage-anthropic"
    code, result = run(run_koi, model, prompt)
    usage = cast(dict[str, int], result["usage"])
    assert code == 0
    assert usage["output_tokens"] == 56
    cost = usage["input_tokens"] + 0.5 * usage["cache_read_tokens"] + 560
    assert result["cost_usd"] == pytest.approx(cost / 1e6)


@pytest.mark.parametrize(
    ("prompt", "kind", "status"),
    [
        ("peer:401", "auth", 401),
        ("peer:403", "auth", 403),
        ("peer:404", "model_not_found", 404),
        ("peer:429-quota", "billing", 429),
        ("peer:500-always", "overloaded", 500),
        ("peer:529", "overloaded", 529),
        ("peer:ctx-openai", "context_overflow", 400),
        ("peer:ctx-anthropic", "context_overflow", 400),
        ("peer:cut-chunks", "network", None),
        ("peer:cut-tool", "network", None),
        ("peer:noanswer", "network", None),
        ("peer:malformed", "protocol", None),
    ],
)
def test_failures_are_named_and_never_a_success(
    run_koi: RunKoi, model: str, prompt: str, kind: str, status: int | None
) -> None:
    code, result = run(run_koi, model, prompt)
    error = cast(JsonObject, result["error"])
    assert (code, result["ok"], error["kind"]) == (1, False, kind)
    if status is not None:
        assert error["status"] == status


@pytest.mark.parametrize(("prompt", "attempts"), [("peer:429-once", 2), ("peer:503-twice", 3)])
def test_transient_failures_are_tried_again(
    run_koi: RunKoi, model: str, koi_home: Path, prompt: str, attempts: int
) -> None:
    with (koi_home / "config.toml").open("a") as file:
        file.write(f'\n[providers.aimock.headers]\nX-Test-Id = "{koi_home}"\n')
    code, result = run(run_koi, model, prompt)
    assert code == 0
    assert len(cast(list[object], result["attempts"])) == attempts


def test_filtered_answers_fail(run_koi: RunKoi, model: str) -> None:
    code, result = run(run_koi, model, "peer:filtered")
    assert (code, result["finish_reason"]) == (1, "content_filter")
