"""`koi run` through LiteLLM, a gateway that translates for others, in the three APIs it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import RunKoi
from tests.peers.conftest import Peer
from tests.peers.turns import Outcome, outcome

pytestmark = pytest.mark.peers
APIS = {
    "chat": ("openai-chat", "/v1"),
    "responses": ("openai-responses", "/v1"),
    "messages": ("anthropic", ""),
}
every_api = pytest.mark.parametrize("api", APIS)
every_provider_behind_it = pytest.mark.parametrize(
    "model", ["via-openai", "via-anthropic", "via-gemini", "via-ollama"]
)


def configure(
    koi_home: Path, litellm: Peer, api: str, key: str = "sk-koi-good", more: str = ""
) -> None:
    protocol, path = APIS[api]
    koi_home.mkdir()
    (koi_home / "config.toml").write_text(
        f"[reliability]\nbackoff_ms = 1\nretries = 0\n[providers.gateway]\n"
        f'protocol = "{protocol}"\nbase_url = "{litellm.url}{path}"\napi_key = "{key}"\n{more}'
    )


def run(run_koi: RunKoi, model: str, prompt: str, *flags: str) -> Outcome:
    return outcome(run_koi("run", "--output", "json", "-m", f"gateway/{model}", *flags, prompt))


@pytest.mark.parametrize(
    ("api", "model"),
    [
        ("chat", "via-openai"),
        ("chat", "via-anthropic"),
        ("chat", "via-ollama"),
        ("responses", "via-openai"),
        ("responses", "via-anthropic"),
        ("responses", "via-ollama"),
        ("messages", "via-openai"),
        ("messages", "via-anthropic"),
    ],
)
def test_a_turn_with_three_tools(
    run_koi: RunKoi, litellm: Peer, koi_home: Path, workspace: Path, api: str, model: str
) -> None:
    configure(koi_home, litellm, api)
    flags = ("--mode", "edit", "--allow", "bash(wc *)", "--max-turns", "5")
    done = run(run_koi, model, "fill the pond", *flags)
    assert (done.code, done.text) == (0, "I count. Nine bytes of fish.")
    assert (workspace / "pond.txt").read_text() == "four fish"
    assert [call["name"] for call in done.calls] == ["write", "read", "bash"]


@every_api
def test_a_tool_runs_for_gemini_behind_it(
    run_koi: RunKoi, litellm: Peer, koi_home: Path, workspace: Path, api: str
) -> None:
    """The results go back in a spelling that Gemini reads and aimock does not: the turn fails."""
    configure(koi_home, litellm, api)
    done = run(run_koi, "via-gemini", "fill the pond", "--mode", "edit", "--max-turns", "5")
    assert (workspace / "pond.txt").read_text() == "four fish"
    assert (done.code, done.error["kind"]) == (1, "overloaded")


def test_two_calls_that_the_gateway_glues_together_are_not_executed(
    run_koi: RunKoi, litellm: Peer, koi_home: Path
) -> None:
    configure(koi_home, litellm, "messages")
    command = ("run", "--output", "stream-json", "-m", "gateway/via-ollama", "--mode", "edit")
    done = outcome(run_koi(*command, "--max-turns", "3", "fill the pond"))
    glued = [line["id"] for line in done.of_type("tool_call") if line["name"] == "read"]
    results = {line["id"]: line["ok"] for line in done.of_type("tool_result")}
    assert glued
    assert not any(results[call] for call in glued)
    assert (done.code, done.result["ok"]) != (0, True)


@every_api
def test_tokens_are_counted(run_koi: RunKoi, litellm: Peer, koi_home: Path, api: str) -> None:
    configure(koi_home, litellm, api)
    done = run(run_koi, "via-openai", "peer:usage-openai")
    assert (done.code, done.text) == (0, "counted")
    read = done.usage["input_tokens"] + done.usage["cache_read_tokens"]
    assert (read, done.usage["output_tokens"]) == (1234, 56)


@every_api
@pytest.mark.parametrize(
    ("key", "kind", "status"),
    [
        ("sk-koi-nobody", "auth", 401),
        ("sk-koi-onlytext", "auth", 403),
        ("sk-koi-broke", "billing", 422),
    ],
)
def test_a_key_that_does_not_serve_says_why(
    run_koi: RunKoi,
    litellm: Peer,
    koi_home: Path,
    api: str,
    key: str,
    kind: str,
    status: int,
) -> None:
    configure(koi_home, litellm, api, key)
    done = run(run_koi, "via-openai", "peer:hello")
    assert (done.code, done.error["kind"], done.error["status"]) == (1, kind, status)
    assert done.statuses == [status]
    assert done.error["hint"]
    assert key not in done.said


def test_the_third_request_of_a_minute_is_refused_with_the_time_to_wait(
    run_koi: RunKoi, litellm: Peer, koi_home: Path
) -> None:
    configure(koi_home, litellm, "chat", "sk-koi-rpm2")
    tried = [run(run_koi, "mock-text", "hi") for _ in range(3)]
    refused = next(done for done in tried if done.code)
    assert (refused.code, refused.error["kind"], refused.error["status"]) == (1, "rate_limit", 429)
    assert refused.error["retry_after_s"] == 60


@every_api
@every_provider_behind_it
def test_an_error_inside_a_good_answer_is_no_success(
    run_koi: RunKoi, litellm: Peer, koi_home: Path, api: str, model: str
) -> None:
    configure(koi_home, litellm, api)
    done = run(run_koi, model, "peer:cut-chunks")
    assert (done.code, done.result["ok"]) == (1, False)
    assert (done.error["kind"], done.error["status"]) == ("overloaded", 200)


@every_api
@every_provider_behind_it
def test_a_call_that_is_cut_off_behind_it_is_never_executed(
    run_koi: RunKoi, litellm: Peer, koi_home: Path, workspace: Path, api: str, model: str
) -> None:
    if model == "via-gemini":
        pytest.skip("aimock's Gemini has the whole call in its first piece")
    configure(koi_home, litellm, api)
    done = run(run_koi, model, "cut the note", "--mode", "edit", "--max-turns", "3")
    assert (done.code, done.result["ok"]) == (1, False)
    assert not list(workspace.iterdir())


@every_api
@every_provider_behind_it
def test_context_overflow_is_known_through_every_translation(
    run_koi: RunKoi, litellm: Peer, koi_home: Path, api: str, model: str
) -> None:
    configure(koi_home, litellm, api)
    for words in ("peer:ctx-openai", "peer:ctx-anthropic", "peer:ctx-gemini"):
        done = run(run_koi, model, words)
        assert (done.code, done.error["kind"]) == (1, "context_overflow"), words


@pytest.mark.parametrize(
    ("model", "kind", "status"),
    [
        ("mock-context", "context_overflow", 400),
        ("mock-429", "rate_limit", 429),
        ("mock-500", "overloaded", 500),
        ("mock-midstream", "overloaded", 529),
        ("nobody", "model_not_found", 400),
    ],
)
def test_its_own_failures_are_named(
    run_koi: RunKoi, litellm: Peer, koi_home: Path, model: str, kind: str, status: int
) -> None:
    configure(koi_home, litellm, "chat")
    done = run(run_koi, model, "hi")
    assert (done.code, done.error["kind"], done.error["status"]) == (1, kind, status)


def test_the_provider_behind_it_says_how_long_to_wait(
    run_koi: RunKoi, litellm: Peer, koi_home: Path
) -> None:
    configure(koi_home, litellm, "chat")
    done = run(run_koi, "via-openai", "peer:429-always")
    assert (done.error["kind"], done.error["retry_after_s"]) == ("rate_limit", 7)


def test_a_promised_stream_that_begins_with_an_error_is_told_in_words(
    run_koi: RunKoi, litellm: Peer, koi_home: Path
) -> None:
    configure(koi_home, litellm, "responses")
    done = run(run_koi, "mock-text", "hi")
    assert (done.code, done.error["status"]) == (1, 500)
    assert done.error["message"] == "Error processing stream start"


def test_a_call_counts_although_the_answer_ends_with_stop(
    run_koi: RunKoi, litellm: Peer, koi_home: Path
) -> None:
    whole = '[providers.gateway.models."mock-tool"]\nstreaming = false\n'
    configure(koi_home, litellm, "chat", more=whole)
    done = run(run_koi, "mock-tool", "what is the weather?", "--max-turns", "2")
    # The mock calls again and again: the limit ends the turn.
    assert (done.code, done.error["kind"]) == (4, "budget")
    assert [call["name"] for call in done.calls] == ["get_weather", "get_weather"]
    assert done.calls[0]["arguments"] == {"city": "Vadsø"}
