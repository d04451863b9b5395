"""Going on with a session, and large or odd things inside one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from tests.cli.conftest import Outcome, journal_entries
from tests.cli.test_run import tool_results
from tests.conftest import RunKoi
from tests.servers.answers import calls, text
from tests.servers.model_server import ModelServer

Machine = Callable[..., Outcome]


def session_id(outcome: Outcome) -> str:
    return cast(str, outcome.result["session_id"])


def test_c_goes_on_with_the_last_session_of_this_folder(
    machine: Machine, model_server: ModelServer, model: str, tmp_path: Path
) -> None:
    model_server.script(text("one"), text("elsewhere"), text("two"))
    first = machine("-m", model, "remember the word koi")
    machine("-C", str(tmp_path), "-m", model, "another folder")
    second = machine("-c", "which word?")
    assert session_id(second) == session_id(first)
    assert second.result["model"] == model
    assert "remember the word koi" in str(model_server.model_requests[2].messages)


def test_r_takes_an_id_or_its_beginning(
    machine: Machine, model_server: ModelServer, config_file: Path
) -> None:
    model_server.script(text("one"), text("two"), text("three"))
    identity = session_id(machine("one"))
    assert session_id(machine("-r", identity, "two")) == identity
    assert session_id(machine("-r", identity[:-1], "three")) == identity
    assert len(model_server.model_requests[2].messages) >= 5


def test_r_names_the_candidates_when_several_match(
    machine: Machine, model_server: ModelServer, config_file: Path
) -> None:
    model_server.script(text("one"), text("two"))
    found = [session_id(machine(word)) for word in ("one", "two")]
    outcome = machine("-r", "2", "three")
    assert outcome.code == 2
    assert all(identity in str(outcome.error["hint"]) for identity in found)


def test_unreadable_lines_of_a_session_are_told(
    machine: Machine, model_server: ModelServer, config_file: Path
) -> None:
    model_server.script(text("one"), text("two"))
    identity = session_id(machine("one"))
    (journal,) = config_file.parent.rglob(f"{identity}.jsonl")
    lines = journal.read_bytes().split(b"\n")
    lines[2] = lines[2].replace(b"one", b"eno")
    journal.write_bytes(b"\n".join(lines))
    assert f"unreadable lines of {journal} were skipped: 3" in machine("-c", "two").stderr


def test_settings_without_effect_are_told(
    machine: Machine, model_server: ModelServer, config_file: Path
) -> None:
    config_file.write_text(f"{config_file.read_text()}\n[iteration]\nmax = 1\n")
    model_server.script(text("one"))
    assert "settings without effect: iteration" in machine("one").stderr


def test_models_of_roles_are_told_of_at_the_first_start_only(
    machine: Machine, model_server: ModelServer, config_file: Path
) -> None:
    words = f'{config_file.read_text()}\n[models]\nplanner = "a/b"\n[iteration]\nmax = 1\n'
    config_file.write_text(words)
    model_server.script(text("one"), text("two"))
    assert "settings without effect: models.planner, iteration" in machine("one").stderr
    assert "settings without effect: iteration" in machine("two").stderr


@pytest.mark.usefixtures("config_file")
def test_an_option_for_a_role_that_nothing_asks_for_yet_says_so(
    machine: Machine, model_server: ModelServer
) -> None:
    model_server.script(text("one"), text("two"))
    for prompt in ("one", "two"):
        said = machine("--evaluator", "openai/b", "--small", "openai/d", prompt).stderr
        assert "settings without effect: --evaluator (" in said


@pytest.mark.usefixtures("config_file")
@pytest.mark.parametrize("option", ["--small", "--planner", "--embedder"])
def test_an_option_for_a_role_with_an_unknown_provider_is_a_mistake(
    machine: Machine, option: str
) -> None:
    outcome = machine(option, "nowhere/x", "one")
    assert outcome.code == 2
    assert "unknown provider 'nowhere'" in str(outcome.lines)


def test_a_resumed_session_may_change_its_model(
    machine: Machine, model_server: ModelServer, config_file: Path
) -> None:
    model_server.script(calls(("ls", {})), text("one"), text("two"))
    machine("-m", "chatty/scripted-model", "one")
    outcome = machine("-c", "-m", "anthropic-like/scripted-model", "two")
    assert outcome.code == 0
    assert len(tool_results(model_server.model_requests[2].body)) == 1


def test_the_prompt_may_come_from_standard_input(
    machine: Machine, model_server: ModelServer, config_file: Path
) -> None:
    model_server.script(text("one"), text("two"))
    machine("-", stdin="said with a dash\n")
    machine(stdin="said by a pipe, naïvely\n")
    assert "said with a dash" in str(model_server.model_requests[0].messages)
    assert "naïvely" in str(model_server.model_requests[1].messages)


def test_odd_files_are_bounded_results_and_the_turn_goes_on(
    machine: Machine, model_server: ModelServer, config_file: Path, workspace: Path
) -> None:
    (workspace / "binary").write_bytes(bytes(range(256)) * 100)
    with (workspace / "huge.txt").open("wb") as file:
        file.write(b"text\n" * 1000)
        file.truncate(100 * 1024 * 1024)
    reads = [("read", {"path": name}) for name in ("binary", "huge.txt", "nowhere", ".")]
    model_server.script(calls(*reads, ("grep", {"pattern": "text"})), text("Looked."))
    outcome = machine("look")
    assert outcome.code == 0
    binary, huge, nowhere, folder, found = tool_results(model_server.model_requests[1].body)
    assert "binary" in binary
    assert "104,857,600 bytes" in huge
    assert "does not exist" in nowhere
    assert "folder" in folder
    assert len(found) < 60_000


def test_a_gibibyte_of_output_is_a_bounded_result(
    machine: Machine, model_server: ModelServer, config_file: Path, koi_home: Path
) -> None:
    command = "head -c 1073741824 /dev/zero | tr '\\0' x"
    model_server.script(calls(("bash", {"command": command})), text("Long."))
    outcome = machine("--allow", "bash", "print", output="json")
    assert outcome.code == 0
    result = tool_results(model_server.model_requests[1].body)[0]
    assert len(result) < 40_000
    spilled = [path for path in (koi_home / "state/spill").rglob("*") if path.is_file()]
    assert 0 < sum(path.stat().st_size for path in spilled) <= 64 * 1024 * 1024
    (journal,) = (koi_home / "data" / "sessions").glob("*.jsonl")
    assert journal.stat().st_size < 200_000


def test_a_command_that_never_ends_is_stopped_by_its_timeout(
    machine: Machine, model_server: ModelServer, config_file: Path
) -> None:
    model_server.script(
        calls(("bash", {"command": "echo begun; sleep 1000", "timeout_s": 1})), text("Too slow.")
    )
    outcome = machine("--allow", "bash", "wait")
    assert outcome.code == 0
    (result,) = outcome.of("tool_result")
    assert result["ok"] is False
    assert "begun" in str(result["content"])


def test_a_command_does_not_see_keys(
    run_koi: RunKoi, model_server: ModelServer, config_file: Path
) -> None:
    model_server.script(calls(("bash", {"command": "env"})), text("Seen."))
    run_koi("run", "--allow", "bash", "env", environment={"OPENAI_API_KEY": "sk-secret-value-1"})
    (result,) = tool_results(model_server.model_requests[1].body)
    assert "PATH=" in result
    assert "sk-secret-value-1" not in result


class TestTrust:
    """What a folder says counts only after trust."""

    @pytest.fixture
    def project(self, workspace: Path, model_server: ModelServer) -> Path:
        (workspace / "AGENTS.md").write_text("Always answer in verse.")
        (workspace / ".koi").mkdir()
        (workspace / ".koi" / "config.toml").write_text("this is = not [toml")
        return workspace

    def test_nothing_of_an_untrusted_folder_is_read(
        self, machine: Machine, model_server: ModelServer, model: str, project: Path
    ) -> None:
        model_server.script(text("Hello"))
        assert machine("-m", model, "hi").code == 0
        assert b"verse" not in model_server.requests[0].raw_body

    def test_trust_reads_instructions(
        self, machine: Machine, model_server: ModelServer, model: str, project: Path
    ) -> None:
        (project / ".koi" / "config.toml").unlink()
        model_server.script(text("Hello"))
        assert machine("--trust", "-m", model, "hi").code == 0
        assert b"Always answer in verse." in model_server.requests[0].raw_body

    def test_trust_reads_the_configuration_of_the_project(
        self, machine: Machine, config_file: Path, project: Path
    ) -> None:
        outcome = machine("--trust", "hi")
        assert outcome.code == 2
        assert ".koi/config.toml" in str(outcome.error["message"])

    @pytest.mark.parametrize("flags", [(), ("--trust",)])
    def test_git_is_never_run(
        self,
        run_koi: RunKoi,
        model_server: ModelServer,
        config_file: Path,
        workspace: Path,
        tmp_path: Path,
        flags: tuple[str, ...],
    ) -> None:
        trap, noted = tmp_path / "bin", tmp_path / "noted"
        trap.mkdir()
        (trap / "git").write_text(f"#!/bin/sh\necho ran >> {noted}\n")
        (trap / "git").chmod(0o755)
        (workspace / ".git").mkdir()
        model_server.script(calls(("ls", {}), ("grep", {"pattern": "x"})), text("Hello"))
        path = f"{trap}:/usr/bin:/bin"
        assert run_koi("run", *flags, "hi", environment={"PATH": path}).returncode == 0
        assert not noted.exists()


def test_plan_mode_is_told_to_the_model(
    machine: Machine, model_server: ModelServer, config_file: Path, koi_home: Path
) -> None:
    model_server.script(text("A plan."))
    machine("--mode", "plan", "plan it")
    assert b"Plan mode" in model_server.requests[0].raw_body
    kinds = [type(entry.record).__name__ for entry in journal_entries(koi_home)]
    assert kinds[:2] == ["SessionRecord", "PromptRecord"]
