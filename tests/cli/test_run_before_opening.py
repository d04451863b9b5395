"""What is wrong before a session opens: a clear error, the right exit code, always a result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome
from tests.conftest import RunKoi
from tests.servers.answers import text
from tests.servers.model_server import ModelServer

Machine = Callable[..., Outcome]


def test_wrong_toml_names_file_and_line(machine: Machine, config_file: Path) -> None:
    config_file.write_text('model = "x\n')
    outcome = machine("hi")
    assert outcome.code == 2
    assert f"{config_file}: line 1" in str(outcome.error["message"])


def test_a_wrong_key_is_named_with_the_nearest_one(machine: Machine, config_file: Path) -> None:
    config_file.write_text('modle = "x/y"\n')
    outcome = machine("hi")
    assert outcome.code == 2
    assert "modle" in str(outcome.error["message"])
    assert "model" in str(outcome.error["hint"])


def test_an_unset_variable_is_named_when_its_value_is_used(
    machine: Machine, model_server: ModelServer, config_file: Path
) -> None:
    with config_file.open("a") as file:
        file.write('[providers.later]\nprotocol = "openai-chat"\n')
        file.write(f'base_url = "{model_server.openai_url}"\napi_key = "${{NOT_SET}}"\n')
    model_server.script(text("Hello"))
    assert machine("hi").code == 0
    outcome = machine("-m", "later/x", "hi")
    assert outcome.code == 2
    assert "NOT_SET is not set" in str(outcome.error["message"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("-m", "chatty/", "hi"), "not a model reference"),
        (("-m", "?", "hi"), "no picker"),
        (("-p", "nosuch", "hi"), "unknown provider 'nosuch'"),
        (("-C", "nowhere", "hi"), "No such file or directory"),
        (("-C", "file.txt", "hi"), "is not a folder"),
        (("--allow", "bash(", "hi"), "not a permission rule"),
        (("--deny", "Bash(rm*)", "hi"), "a tool that does not exist"),
        (("--config", "nowhere.toml", "hi"), "nowhere.toml"),
        (("-r", "zzzz", "hi"), "no session 'zzzz'"),
        (("hi", "-r"), "-r needs the id"),
        (("-c", "-r", "x", "hi"), "exclude each other"),
        (("-c", "hi"), "there is no session"),
        (("-",), "there is no prompt"),
        ((), "there is no prompt"),
    ],
)
def test_each_mistake_is_named_without_a_request(
    machine: Machine,
    model_server: ModelServer,
    config_file: Path,
    workspace: Path,
    koi_home: Path,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    (workspace / "file.txt").write_text("x")
    for output in ("json", "stream-json"):
        outcome = machine(*arguments, output=output)
        assert outcome.code == 2
        assert told in str(outcome.error["message"])
    assert not model_server.requests
    assert not list(koi_home.rglob("*.jsonl"))


def test_text_output_tells_it_on_two_lines_of_standard_error(
    run_koi: RunKoi, config_file: Path
) -> None:
    done = run_koi("run", "-m", "antropic/x", "hi")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 2
    assert "unknown provider 'antropic'" in done.stderr


@pytest.mark.parametrize("option", [("--bogus",), ("--output", "xml"), ("--mode", "fast")])
def test_wrong_options_are_usage_errors(run_koi: RunKoi, option: tuple[str, ...]) -> None:
    done = run_koi("run", *option, "hi")
    assert done.returncode == 2
    assert done.stdout == ""


def test_a_failure_inside_koi_is_a_result_too(
    machine: Machine, model_server: ModelServer, config_file: Path, koi_home: Path
) -> None:
    (koi_home / "data").write_text("a file where a folder belongs")
    outcome = machine("hi")
    assert outcome.code == 1
    assert outcome.error["kind"] == "internal"
    assert not model_server.requests


def test_bare_names_go_to_the_default_provider_and_p_wins(
    machine: Machine, model_server: ModelServer, config_file: Path
) -> None:
    model_server.script(text("one"), text("two"))
    assert machine("-m", "some-model", "hi").result["model"] == "chatty/some-model"
    named = machine("-m", "some-model", "-p", "anthropic-like", "hi")
    assert named.result["model"] == "anthropic-like/some-model"


def test_the_environment_and_flags_override_the_file(
    run_koi: RunKoi, model_server: ModelServer, config_file: Path
) -> None:
    model_server.script(text("one"), text("two"))
    run_koi("run", "hi", environment={"KOI_MODEL": "chatty/from-environment"})
    run_koi(
        *("run", "--executor", "chatty/from-flag", "hi"),
        environment={"KOI_MODEL": "chatty/from-environment"},
    )
    asked = [request.body["model"] for request in model_server.model_requests]
    assert asked == ["from-environment", "from-flag"]


def test_what_each_provider_lacks_is_told_on_a_line_of_its_own_after_the_ways_in(
    run_koi: RunKoi, koi_home: Path
) -> None:
    table = '[providers.{0}]\nbase_url = "http://127.0.0.1:9/v1"\napi_key = "k"\n'
    koi_home.mkdir(exist_ok=True)
    (koi_home / "config.toml").write_text(table.format("oai") + table.format("other"))
    done = run_koi("run", "hi")
    assert done.returncode == 3
    _, ways, *notes = done.stderr.splitlines()
    assert ways.endswith("koi --demo, which works offline.")
    assert [note.split(":")[0] for note in notes] == ["     oai", "     other"]
