"""`koi run` against a model behind a socket: what is asked, executed, counted and told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal, cast

import pytest

from koi.store.ledger import read_ledger
from tests.cli.conftest import ANTHROPIC, KEY, OPENAI, Outcome
from tests.conftest import RunKoi
from tests.servers.answers import Answer, Call, JsonObject, calls, cut_stream, failure, text
from tests.servers.model_server import ModelServer

Machine = Callable[..., Outcome]
PRICE = 100 * 1.0 + 40 * 0.5 + 20 * 10.0
"""Micro-dollars of one scripted answer with 40 tokens from the cache."""


def tool_results(body: JsonObject) -> list[str]:
    """What a request says that tools returned, in either wire format."""
    found: list[str] = []
    for message in cast(list[JsonObject], body["messages"]):
        if message["role"] == "tool":
            found.append(str(message["content"]))
        elif isinstance(message["content"], list):
            found += [
                str(block["content"])
                for block in message["content"]
                if block["type"] == "tool_result"
            ]
    return found


def test_a_plain_answer_is_one_request_with_usage_and_cost(
    machine: Machine, model_server: ModelServer, model: str, koi_home: Path
) -> None:
    model_server.script(text("Hello, wörld", cached_tokens=40))
    outcome = machine("-m", model, "say hello")
    assert outcome.code == 0
    assert outcome.result["ok"] is True
    assert outcome.result["text"] == "Hello, wörld"
    assert outcome.result["finish_reason"] == "stop"
    assert outcome.result["usage"] == {
        "input_tokens": 100,
        "cache_read_tokens": 40,
        "cache_write_tokens": 0,
        "output_tokens": 20,
        "reasoning_tokens": 0,
    }
    assert outcome.result["cost_usd"] == pytest.approx(PRICE / 1e6)
    assert len(model_server.requests) == 1
    (entry,) = read_ledger(koi_home / "data" / "ledger.jsonl").entries
    assert entry.cost_usd == outcome.result["cost_usd"]


def test_a_tool_runs_and_its_result_goes_back(
    machine: Machine, model_server: ModelServer, model: str, workspace: Path
) -> None:
    (workspace / "a.txt").write_text("carp and koi\n")
    model_server.script(calls(("read", {"path": "a.txt"})), text("It is about fish."))
    outcome = machine("-m", model, "what is in a.txt?")
    assert outcome.code == 0
    (result,) = outcome.of("tool_result")
    assert "carp and koi" in str(result["content"])
    assert "carp and koi" in tool_results(model_server.model_requests[1].body)[0]
    (call,) = cast(list[JsonObject], outcome.result["tool_calls"])
    assert call["arguments"] == {"path": "a.txt"}
    assert outcome.result["cost_usd"] == pytest.approx(2 * (100 + 200) / 1e6)
    assert len(outcome.of("usage")) == len(model_server.requests) == 2


def test_stream_json_tells_everything_in_order(
    machine: Machine, model_server: ModelServer, model: str
) -> None:
    model_server.script(calls(("ls", {}), content="I look."), text("Empty."))
    kinds = [line["type"] for line in machine("-m", model, "ls").lines]
    merged = [kind for at, kind in enumerate(kinds) if at == 0 or kinds[at - 1] != kind]
    assert merged == [
        *("session", "request_started", "text", "tool_call", "attempt", "usage", "tool_result"),
        *("request_started", "text", "attempt", "usage", "result"),
    ]


def test_json_is_only_the_last_line(
    machine: Machine, model_server: ModelServer, config_file: Path
) -> None:
    model_server.script(text("Hello"))
    outcome = machine("hi", output="json")
    assert [line["type"] for line in outcome.lines] == ["result"]
    assert outcome.result["session_id"]


def test_text_output_has_the_answer_alone_on_standard_output(
    run_koi: RunKoi, model_server: ModelServer, config_file: Path
) -> None:
    model_server.script(calls(("ls", {}), content="I look."), text("Empty."))
    done = run_koi("run", "ls")
    assert done.stdout == "I look.\nEmpty.\n"
    assert "ls" in done.stderr
    assert "200 tokens in, 40 out, cost $0.0006" in done.stderr


def test_an_escape_sequence_in_two_deltas_does_not_reach_the_terminal(
    run_koi: RunKoi, model_server: ModelServer, config_file: Path
) -> None:
    model_server.script(text("title\x1b]0;evil\x07 and \x1b[2Jclear", piece=1))
    assert run_koi("run", "hi").stdout == "title and clear\n"


@pytest.mark.parametrize("how", ["close", "clean", "reset"])
@pytest.mark.parametrize("output", ["text", "json"])
def test_a_stream_cut_before_its_end_is_never_a_success(
    run_koi: RunKoi,
    machine: Machine,
    model_server: ModelServer,
    model: str,
    how: Literal["close", "clean", "reset"],
    output: str,
) -> None:
    model_server.script(*[cut_stream("a long enough answer to be cut", after=4, how=how)] * 3)
    if output == "json":
        outcome = machine("-m", model, "hi", output="json")
        assert outcome.code == 1
        assert outcome.error["kind"] == "network"
        assert outcome.result["finish_reason"] is None
        assert str(outcome.result["text"]).startswith("a long")
    else:
        done = run_koi("run", "-m", model, "hi")
        assert done.returncode == 1
        assert done.stdout.startswith("a long")
        assert "error (network)" in done.stderr
    assert len(model_server.requests) == 3


def test_after_a_cut_answer_the_session_goes_on(
    machine: Machine, model_server: ModelServer, model: str
) -> None:
    cuts = [cut_stream("a long enough answer to be cut", after=4)] * 3
    model_server.script(*cuts, text("Again."))
    first = machine("-m", model, "hi")
    second = machine("-c", "go on")
    assert second.code == 0
    assert second.result["session_id"] == first.result["session_id"]
    assert "a long" in str(model_server.model_requests[3].messages)


def test_a_cut_before_any_text_is_tried_three_times(
    machine: Machine, model_server: ModelServer, model: str
) -> None:
    model_server.script(*[cut_stream("never", after=1)] * 3)
    outcome = machine("-m", model, "hi")
    assert outcome.code == 1
    attempts = cast(list[JsonObject], outcome.result["attempts"])
    assert [attempt["ok"] for attempt in attempts] == [False] * 3
    assert len(outcome.of("retry")) == 2


def test_a_call_whose_answer_is_cut_never_runs(
    machine: Machine, model_server: ModelServer, model: str, workspace: Path
) -> None:
    write = Call("write", {"path": "made.txt", "content": "x"}, id="w1")
    cut = Answer(text="I write.", calls=(write,), cut_after=6, cut="clean")
    model_server.script(cut)
    outcome = machine("-m", model, "--mode", "edit", "write it")
    assert outcome.code == 1
    assert not (workspace / "made.txt").exists()
    assert not outcome.of("tool_result")


def test_a_transient_failure_is_retried_with_the_hint_of_the_server(
    machine: Machine, model_server: ModelServer, model: str
) -> None:
    model_server.script(failure(429, "slow down", retry_after="1"), text("Hello"))
    outcome = machine("-m", model, "hi")
    assert outcome.code == 0
    (retry,) = outcome.of("retry")
    assert retry["status"] == 429
    assert retry["wait_s"] == 1
    first, second = model_server.model_requests
    assert second.received_at - first.received_at >= 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (failure(401, "wrong key"), "auth"),
        (failure(404, "The model does not exist"), "model_not_found"),
        (failure(400, "what is this?"), "bad_request"),
        (Answer(status=200, body=b"<html>Sign in</html>"), "protocol"),
    ],
)
def test_a_failure_that_stays_is_told_once(
    machine: Machine, model_server: ModelServer, model: str, answer: Answer, kind: str
) -> None:
    model_server.script(answer)
    outcome = machine("-m", model, "hi")
    assert outcome.code == 1
    assert outcome.error["kind"] == kind
    assert outcome.of("error")[0]["kind"] == kind
    assert len(model_server.requests) == 1


def test_the_key_is_in_the_request_and_nowhere_else(
    run_koi: RunKoi, model_server: ModelServer, model: str, koi_home: Path, config_file: Path
) -> None:
    model_server.script(failure(401, f"the key {KEY} is wrong"))
    done = run_koi("run", "--debug", "--output", "stream-json", "-m", model, "hi")
    assert KEY in str(model_server.requests[0].headers)
    assert KEY not in done.stdout + done.stderr
    files = [path for path in koi_home.rglob("*") if path.is_file() and path != config_file]
    assert files
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_nothing_but_the_configured_host_is_reached(
    run_koi: RunKoi, model_server: ModelServer, model: str, tmp_path: Path
) -> None:
    spy, seen = tmp_path / "spy", tmp_path / "seen"
    spy.mkdir()
    (spy / "sitecustomize.py").write_text(
        "import sys\n"
        "def hook(event, arguments):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.sendto'):\n"
        f"        print(event, arguments[-4:], file=open({str(seen)!r}, 'a'))\n"
        "sys.addaudithook(hook)\n"
    )
    model_server.script(calls(("ls", {})), text("Hello"))
    done = run_koi("run", "-m", model, "hi", environment={"PYTHONPATH": str(spy)})
    assert done.returncode == 0
    port = model_server.url.rpartition(":")[2]
    reached = seen.read_text().splitlines()
    assert reached
    assert all("127.0.0.1" in line and port in line for line in reached)


def test_the_first_request_is_small(
    machine: Machine, model_server: ModelServer, model: str, workspace: Path
) -> None:
    model_server.script(text("Hello"))
    machine("-m", model, "hello")
    assert len(model_server.requests[0].raw_body) <= 12_000
    assert model_server.requests[0].body["tools"]


def test_without_tools_none_are_offered(
    machine: Machine, model_server: ModelServer, model: str
) -> None:
    model_server.script(text("Hello"))
    machine("-m", model, "--no-tools", "hello")
    assert "tools" not in model_server.requests[0].body


@pytest.mark.parametrize(("setting", "offered"), [("off", False), ("native", True)])
def test_the_configuration_says_whether_a_provider_gets_tools(
    machine: Machine, model_server: ModelServer, config_file: Path, setting: str, offered: bool
) -> None:
    provider = f'[providers.plain]\nbase_url = "{model_server.openai_url}"\ntools = "{setting}"\n'
    config_file.write_text(provider, encoding="utf-8")
    model_server.script(text("Hello"))
    machine("-m", "plain/some-model", "hello")
    assert ("tools" in model_server.requests[0].body) is offered


def test_bad_calls_get_an_error_and_the_turn_goes_on(
    machine: Machine, model_server: ModelServer, config_file: Path
) -> None:
    model_server.script(calls(("fly", {}), ("read", "{broken"), ("read", {})), text("Sorry."))
    outcome = machine("go")
    assert outcome.code == 0
    assert [result["ok"] for result in outcome.of("tool_result")] == [False] * 3
    broken = outcome.of("tool_call")[1]
    assert (broken["arguments"], broken["arguments_raw"]) == (None, "{broken")


def test_two_calls_with_one_id_get_their_own_results(
    machine: Machine, model_server: ModelServer, config_file: Path
) -> None:
    both = (Call("ls", {}, id="same"), Call("ls", {"path": "."}, id="same"))
    model_server.script(Answer(calls=both), text("done"))
    outcome = machine("go")
    assert outcome.code == 0
    ids = [result["id"] for result in outcome.of("tool_result")]
    assert len(set(ids)) == len(ids) == 2
    assert len(tool_results(model_server.model_requests[1].body)) == 2


class TestExitCodes:
    """The table of the command line."""

    def test_0_done(self, machine: Machine, model_server: ModelServer, model: str) -> None:
        model_server.script(text("as far as it goes", finish_reason=""))
        assert machine("-m", model, "hi").code == 0

    @pytest.mark.parametrize(
        ("model_name", "raw", "reason"),
        [
            (OPENAI, "content_filter", "content_filter"),
            (ANTHROPIC, "refusal", "refusal"),
        ],
    )
    def test_1_filtered_or_refused(
        self,
        machine: Machine,
        model_server: ModelServer,
        config_file: Path,
        model_name: str,
        raw: str,
        reason: str,
    ) -> None:
        model_server.script(text("No.", finish_reason=raw))
        outcome = machine("-m", model_name, "hi")
        assert outcome.code == 1
        assert outcome.result["ok"] is False
        assert outcome.result["finish_reason"] == reason

    def test_2_unknown_provider(self, machine: Machine, config_file: Path) -> None:
        outcome = machine("-m", "antropic/x", "hi")
        assert outcome.code == 2
        assert "anthropic" in str(outcome.error["hint"])

    def test_3_nothing_to_ask(self, machine: Machine) -> None:
        outcome = machine("hi")
        assert outcome.code == 3
        assert outcome.error["kind"] == "auth"
        assert "koi --demo" in str(outcome.error["hint"])

    def test_3_no_key_for_the_model(self, machine: Machine) -> None:
        outcome = machine("-m", "anthropic/claude-sonnet-4-6", "hi")
        assert outcome.code == 3
        assert "ANTHROPIC_API_KEY" in str(outcome.error["hint"])

    def test_4_too_many_requests(
        self, machine: Machine, model_server: ModelServer, config_file: Path
    ) -> None:
        model_server.script(*[calls(("ls", {}))] * 3)
        outcome = machine("--max-turns", "2", "hi")
        assert outcome.code == 4
        assert outcome.error["kind"] == "budget"
        assert outcome.of("budget")[0]["limit"] == "max_turns"
        assert len(model_server.requests) == 2

    def test_4_too_expensive(
        self, machine: Machine, model_server: ModelServer, config_file: Path
    ) -> None:
        dear = replace(calls(("ls", {})), output_tokens=1_000)
        model_server.script(*[dear] * 3, text("never asked for"))
        assert machine("--max-cost", "0.02", "hi").code == 4
        assert len(model_server.requests) == 1
        assert machine("-c", "--max-cost", "0.02", "more").code == 4
        assert len(model_server.requests) == 1

    def test_2_a_cost_limit_that_nothing_exceeds(
        self, machine: Machine, model_server: ModelServer, config_file: Path
    ) -> None:
        assert machine("--max-cost", "nan", "hi").code == 2
        assert not model_server.requests

    def test_4_a_cost_limit_without_a_price(
        self, machine: Machine, model_server: ModelServer, config_file: Path
    ) -> None:
        outcome = machine("--max-cost", "1", "-m", "chatty/unpriced", "hi")
        assert outcome.code == 4
        assert "price of chatty/unpriced is not known" in str(outcome.error["message"])
        assert not model_server.requests

    def test_5_nobody_to_ask(
        self, machine: Machine, model_server: ModelServer, config_file: Path, workspace: Path
    ) -> None:
        model_server.script(calls(("bash", {"command": "touch made"})), text("Then not."))
        outcome = machine("make it")
        assert outcome.code == 5
        assert outcome.result["text"] == "Then not."
        assert outcome.of("approval")[0]["decision"] == "deny"
        assert "Denied" in tool_results(model_server.model_requests[1].body)[0]
        assert not (workspace / "made").exists()


def test_a_denied_call_is_one_line_of_text(
    run_koi: RunKoi, model_server: ModelServer, config_file: Path
) -> None:
    model_server.script(calls(("bash", {"command": "rm -rf x"})), text("Then not."))
    done = run_koi("run", "remove it")
    about = [line for line in done.stderr.splitlines() if "rm -rf x" in line]
    assert about == ["denied: bash rm -rf x (nobody could be asked)"]
    assert "--allow" in done.stderr


@pytest.mark.parametrize(
    ("flags", "decision"),
    [
        (("--allow", "bash(touch*)"), "allow"),
        (("--allow", "bash", "--deny", "bash(touch*)"), "deny"),
        (("--allow", "bash", "--mode", "plan"), "deny"),
        ((), "deny"),
    ],
)
def test_rules_and_modes_decide(
    machine: Machine,
    model_server: ModelServer,
    config_file: Path,
    workspace: Path,
    flags: tuple[str, ...],
    decision: str,
) -> None:
    model_server.script(calls(("bash", {"command": "touch made"})), text("Done."))
    outcome = machine(*flags, "make it")
    assert outcome.of("approval")[0]["decision"] == decision
    assert (workspace / "made").exists() == (decision == "allow")


@pytest.mark.parametrize(
    ("mode", "written"), [("ask", False), ("edit", True), ("plan", False), ("yolo", True)]
)
def test_modes_decide_on_writing_in_the_workspace(
    machine: Machine,
    model_server: ModelServer,
    config_file: Path,
    workspace: Path,
    mode: str,
    written: bool,
) -> None:
    model_server.script(calls(("write", {"path": "made", "content": "x"})), text("Done."))
    machine("--mode", mode, "make it")
    assert (workspace / "made").exists() == written


def test_no_mode_writes_outside_the_workspace(
    machine: Machine, model_server: ModelServer, config_file: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.txt"
    model_server.script(calls(("write", {"path": str(outside), "content": "x"})), text("No."))
    assert machine("--mode", "yolo", "make it").code == 5
    assert not outside.exists()
