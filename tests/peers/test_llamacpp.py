"""koi with llama.cpp's server, whose model says and calls at random what its grammar allows."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import cast

import pytest

from tests.conftest import RunKoi
from tests.peers.conftest import Peer
from tests.peers.turns import Outcome, outcome
from tests.servers.answers import JsonObject

pytestmark = pytest.mark.peers
APIS = {
    "chat": ("openai-chat", "/v1"),
    "responses": ("openai-responses", "/v1"),
    "messages": ("anthropic", ""),
}
every_api = pytest.mark.parametrize("api", APIS)
TURNS = 4
"""How often the random model is let loose in a test: half of its answers are calls."""
PROMPT = "Koi swim slowly."
NOTE_TOOL = {
    "name": "note",
    "description": "Write a note.",
    "parameters": {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "stars": {"type": "integer"},
            "kind": {"enum": ["idea", "task"]},
        },
        "required": ["title", "stars", "kind"],
    },
}


@pytest.fixture
def configured(koi_home: Path, llamacpp: Peer) -> None:
    """A provider for each API of the server."""
    koi_home.mkdir()
    tables = [
        f'[providers.{name}]\nprotocol = "{protocol}"\nbase_url = "{llamacpp.url}{path}"\n'
        for name, (protocol, path) in APIS.items()
    ]
    (koi_home / "config.toml").write_text("\n".join(tables))


def run(run_koi: RunKoi, api: str, *flags: str) -> Outcome:
    """One turn, at most eight requests long."""
    command = ("run", "--output", "stream-json", "-m", f"{api}/tiny", "--max-turns", "8")
    return outcome(run_koi(*command, *flags, PROMPT))


def assert_sound(done: Outcome) -> None:
    """Whatever was called: each call has one result, and the turn ended as turns end."""
    calls = [str(line["id"]) for line in done.of_type("tool_call")]
    results = Counter(str(line["id"]) for line in done.of_type("tool_result"))
    assert results == Counter(calls)
    assert len(set(calls)) == len(calls)
    match done.code:
        case 0 | 5:
            assert done.result["finish_reason"] in ("stop", "length")
        case code:
            assert (code, done.error["kind"]) == (4, "budget")


@pytest.mark.usefixtures("configured")
@every_api
@pytest.mark.parametrize("how", ["probe", "probe --no-stream"])
def test_tokens_are_those_that_the_server_counts(
    run_koi: RunKoi, llamacpp: Peer, api: str, how: str
) -> None:
    done = outcome(run_koi(*how.split(), f"{api}/tiny", "--prompt", PROMPT))
    asked = {"messages": [{"role": "user", "content": PROMPT}]}
    prompt = json.loads(llamacpp.post("/apply-template", asked))["prompt"]
    counted = llamacpp.post("/tokenize", {"content": prompt, "add_special": True})
    assert (done.code, done.result["finish_reason"]) == (0, "stop")
    read = done.usage["input_tokens"] + done.usage["cache_read_tokens"]
    assert read == len(json.loads(counted)["tokens"])
    assert done.usage["output_tokens"] > 0
    assert done.of_type("usage")[-1]["estimated"] is False


@pytest.mark.usefixtures("configured")
@every_api
@pytest.mark.parametrize("how", ["probe", "probe --no-stream"])
def test_a_grammar_makes_calls_that_fit_the_schema(
    run_koi: RunKoi, tmp_path: Path, api: str, how: str
) -> None:
    request = {
        "messages": [{"role": "user", "content": PROMPT}],
        "tools": [NOTE_TOOL],
        "tool_choice": "required",
        "max_tokens": 2000,
    }
    file = tmp_path / "request.json"
    file.write_text(json.dumps(request))
    done = outcome(run_koi(*how.split(), f"{api}/tiny", "--request", str(file)))
    assert (done.code, done.result["finish_reason"]) == (0, "tool_calls")
    assert done.calls
    for call in done.calls:
        arguments = cast(JsonObject, call["arguments"])
        assert call["name"] == "note"
        assert isinstance(arguments["title"], str)
        assert isinstance(arguments["stars"], int)
        assert arguments["kind"] in ("idea", "task")


@pytest.mark.usefixtures("configured")
@every_api
def test_a_prompt_that_does_not_fit_is_a_context_overflow(run_koi: RunKoi, api: str) -> None:
    command = ("run", "--output", "json", "-m", f"{api}/tiny", "-")
    done = outcome(run_koi(*command, stdin="xyz " * 100_000))
    assert (done.code, done.error["kind"], done.error["status"]) == (1, "context_overflow", 400)
    assert done.statuses == [400]


@pytest.mark.usefixtures("configured")
@every_api
def test_a_random_agent_that_may_only_read_changes_nothing(
    run_koi: RunKoi, workspace: Path, api: str
) -> None:
    (workspace / "pond.txt").write_text("fish\n")
    for _ in range(TURNS):
        assert_sound(run(run_koi, api, "--mode", "plan"))
    assert [path.name for path in workspace.iterdir()] == ["pond.txt"]
    assert (workspace / "pond.txt").read_text() == "fish\n"


@pytest.mark.usefixtures("configured")
@every_api
def test_a_random_agent_writes_what_it_says(run_koi: RunKoi, workspace: Path, api: str) -> None:
    others = ["--deny", "bash", "--deny", "edit"]
    for _ in range(TURNS):
        done = run(run_koi, api, "--mode", "edit", *others)
        assert_sound(done)
        written = {line["id"] for line in done.of_type("tool_result") if line["ok"]}
        for line in done.of_type("tool_call"):
            arguments = cast(dict[str, str], line["arguments"])
            if line["name"] == "write" and line["id"] in written:
                assert (workspace / arguments["path"]).is_file()


@pytest.mark.usefixtures("configured")
@every_api
def test_a_second_turn_takes_the_calls_of_the_first_along(run_koi: RunKoi, api: str) -> None:
    """llama.cpp refuses histories that its template cannot write down."""
    done = run(run_koi, api, "--mode", "plan")
    for other in (*APIS, api):
        done = run(run_koi, other, "--mode", "plan", "-r", str(done.result["session_id"]))
        assert_sound(done)


def test_the_window_of_the_model_comes_from_the_server(
    run_koi: RunKoi, koi_home: Path, llamacpp: Peer
) -> None:
    koi_home.mkdir()
    (koi_home / "config.toml").write_text(f'[providers.llamacpp]\nbase_url = "{llamacpp.url}/v1"\n')
    (model,) = json.loads(run_koi("models", "llamacpp", "--json").stdout)
    assert (model["reference"], model["context_window"]) == ("llamacpp/tiny", 131072)
