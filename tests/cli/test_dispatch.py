"""Words on the command line find their command; failures never become tracebacks."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

from koi.cli import dispatch
from koi.cli.options import global_options
from tests.conftest import RunKoi
from tests.servers.answers import failure, text
from tests.servers.model_server import ModelServer


@pytest.mark.parametrize("word", ["conifg", "model", "provider", "runn", "Sessions"])
def test_a_word_close_to_a_command_is_asked_about(run_koi: RunKoi, word: str) -> None:
    done = run_koi(word)
    assert done.returncode == 2
    assert "Did you mean" in done.stderr
    assert f"koi -- {word}" in done.stderr


@pytest.mark.parametrize("words", [("--", "runn"), ("fix", "it"), ("hello",)])
def test_other_words_are_a_prompt_for_the_chat(run_koi: RunKoi, words: tuple[str, ...]) -> None:
    done = run_koi(*words)
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr


@pytest.mark.parametrize("where", ["before", "after", "joined", "equals"])
def test_global_options_stand_before_or_after_the_command(
    run_koi: RunKoi,
    model_server: ModelServer,
    config_file: Path,
    tmp_path: Path,
    where: str,
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    model_server.script(text("Hello"))
    arguments = {
        "before": ("-C", str(folder), "run", "hi"),
        "after": ("run", "hi", "-C", str(folder)),
        "joined": (f"-C{folder}", "run", "hi"),
        "equals": (f"--cwd={folder}", "run", "hi"),
    }[where]
    done = run_koi(*arguments)
    assert done.returncode == 0
    assert str(folder) in done.stderr


def test_an_option_without_its_value_is_named(run_koi: RunKoi) -> None:
    done = run_koi("--config")
    assert done.returncode == 2
    assert "requires an argument" in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_no_harm(
    model_server: ModelServer, config_file: Path, workspace: Path, koi_home: Path, closed: str
) -> None:
    model_server.script(text("Hello"))
    koi = Path(sys.executable).with_name("koi")
    done = subprocess.run(["sh", "-c", f"{koi} run hi {closed}"], cwd=workspace, check=False)
    assert done.returncode == 0
    (journal,) = (koi_home / "data" / "sessions").glob("*.jsonl")
    assert all(line.startswith(b"{") for line in journal.read_bytes().splitlines())


def test_debug_logs_requests_without_content(
    run_koi: RunKoi, model_server: ModelServer, config_file: Path, koi_home: Path
) -> None:
    model_server.script(failure(503, "busy"), text("the answer"))
    run_koi("--debug", "run", "the question")
    log = (koi_home / "state" / "koi.log").read_text()
    assert "chatty/scripted-model, attempt 2" in log
    assert "overloaded, status 503 after" in log
    assert "stop after" in log
    assert "the question" not in log
    assert "the answer" not in log


def test_without_debug_a_good_run_logs_nothing(
    run_koi: RunKoi, model_server: ModelServer, config_file: Path, koi_home: Path
) -> None:
    model_server.script(text("the answer"))
    run_koi("run", "the question")
    assert not (koi_home / "state" / "koi.log").exists()


class TestAFailureInsideKoi:
    """A command that raises what nobody expected."""

    @pytest.fixture(autouse=True)
    def broken_command(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        @click.command("broken")
        @global_options
        def command() -> int:
            raise RuntimeError("Bearer abcdefghijklmnop is what was sent")

        module = ModuleType("broken_command")
        module.command = command  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "broken_command", module)
        monkeypatch.setitem(dispatch.COMMANDS, "broken", ("broken_command", "Fails."))
        logger = logging.getLogger("koi")
        before = logger.handlers, logger.propagate, logger.level
        logger.handlers = []
        yield
        logger.handlers, logger.propagate = before[:2]
        logger.setLevel(before[2])

    def test_is_two_lines_and_a_log(
        self, capsys: pytest.CaptureFixture[str], koi_home: Path
    ) -> None:
        assert dispatch.run(["broken"]) == 1
        shown = capsys.readouterr().err
        assert len(shown.splitlines()) == 2
        assert "koi itself failed: RuntimeError" in shown
        log = koi_home / "state" / "koi.log"
        assert str(log) in shown
        assert "Traceback" in log.read_text()
        assert "abcdefghijklmnop" not in shown + log.read_text()

    def test_shows_where_with_debug(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert dispatch.run(["broken", "--debug"]) == 1
        shown = capsys.readouterr().err
        assert "Traceback" in shown
        assert "abcdefghijklmnop" not in shown


def test_options_of_a_command_may_stand_before_its_name(run_koi: RunKoi, workspace: Path) -> None:
    done = run_koi("--demo", "run", "list the files", cwd=workspace)
    assert done.returncode == 0
    assert "This folder" in done.stdout
