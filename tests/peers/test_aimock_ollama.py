"""`koi` against aimock's imitation of Ollama, which knows neither /api/ps nor /api/show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from koi.credentials.endpoint import Endpoint
from koi.providers.http_provider import HttpProvider
from tests.conftest import RunKoi
from tests.peers.conftest import Peer
from tests.servers.answers import JsonObject

pytestmark = pytest.mark.peers


def run(run_koi: RunKoi, aimock: Peer, prompt: str, *flags: str) -> tuple[int, JsonObject]:
    """The exit code and the result."""
    done = run_koi(
        *("run", "--output", "json", "-m", "ollama/m", *flags, prompt),
        environment={"OLLAMA_HOST": aimock.url},
    )
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
        ("peer:empty", ""),
    ],
)
def test_answers_arrive_whole(run_koi: RunKoi, aimock: Peer, prompt: str, text: str) -> None:
    code, result = run(run_koi, aimock, prompt)
    assert (code, result["text"], result["finish_reason"]) == (0, text, "stop")


def test_a_file_is_written_and_the_model_is_told(
    run_koi: RunKoi, aimock: Peer, workspace: Path
) -> None:
    arguments = {"path": "ollama.txt", "content": "pond"}
    call = {"id": "c1", "name": "write", "arguments": arguments}
    asked = {"userMessage": "note for ollama"}
    aimock.add_fixtures(
        {"match": asked | {"hasToolResult": False}, "response": {"toolCalls": [call]}},
        {"match": asked | {"hasToolResult": True}, "response": {"content": "Noted."}},
    )
    code, result = run(run_koi, aimock, "note for ollama", "--mode", "edit")
    assert (code, result["text"], result["cost_usd"]) == (0, "Noted.", 0.0)
    assert (workspace / "ollama.txt").read_text() == "pond"


@pytest.mark.parametrize(
    ("prompt", "calls"),
    [("peer:tool", 1), ("peer:parallel", 2), ("peer:chain", 2), ("peer:noargs", 1)],
)
def test_calls_are_answered_and_the_turn_ends(
    run_koi: RunKoi, aimock: Peer, prompt: str, calls: int
) -> None:
    code, result = run(run_koi, aimock, prompt)
    assert (code, result["finish_reason"]) == (0, "stop")
    assert len(cast(list[object], result["tool_calls"])) == calls


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ("peer:401", "auth"),
        ("peer:404", "model_not_found"),
        ("peer:500-always", "overloaded"),
        ("peer:ctx-openai", "context_overflow"),
        ("peer:cut-chunks", "network"),
        ("peer:noanswer", "network"),
        ("peer:malformed", "protocol"),
    ],
)
def test_failures_are_named(
    run_koi: RunKoi, aimock: Peer, koi_home: Path, prompt: str, kind: str
) -> None:
    koi_home.mkdir()
    (koi_home / "config.toml").write_text("[reliability]\nbackoff_ms = 1\n")
    code, result = run(run_koi, aimock, prompt)
    assert (code, cast(JsonObject, result["error"])["kind"]) == (1, kind)


async def test_models_and_vectors(aimock: Peer) -> None:
    lenient = {"X-AIMock-Strict": "false"}
    provider = HttpProvider(Endpoint("ollama", "ollama", aimock.url, headers=lenient))
    try:
        assert await provider.is_available()
        assert await provider.list_models()
        (vector,) = await provider.embed("m", ("hello",))
    finally:
        await provider.aclose()
    assert len(vector) > 1
