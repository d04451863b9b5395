"""`koi run` interrupted or killed: one result a call, and a session to go on with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from koi.store.ledger import read_ledger
from koi.store.records import ToolIntentRecord, ToolResultRecord, TurnEndRecord
from tests.cli.conftest import Outcome, is_running, journal_entries, parse, wait_for
from tests.cli.test_run import tool_results
from tests.servers.answers import Answer, calls, text
from tests.servers.model_server import ModelServer

Machine = Callable[..., Outcome]
Start = Callable[..., subprocess.Popen[str]]
SLEEP = ("bash", {"command": "echo $$ > pid; sleep 1000"})


def run_until_the_command_sleeps(
    start_koi: Start, workspace: Path, *flags: str
) -> tuple[subprocess.Popen[str], int]:
    """A running koi and the process id of the command that it waits for."""
    process = start_koi("run", "--allow", "bash", "--output", "stream-json", *flags, "wait")
    file = workspace / "pid"
    wait_for(lambda: file.exists() and file.read_text().strip())
    return process, int(file.read_text())


def finish(process: subprocess.Popen[str]) -> Outcome:
    stdout, stderr = process.communicate(timeout=20)
    return Outcome(process.returncode, parse(stdout), stderr)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_during_a_tool_ends_it_and_every_call_has_one_result(
    start_koi: Start,
    machine: Machine,
    model_server: ModelServer,
    model: str,
    workspace: Path,
    koi_home: Path,
    number: signal.Signals,
) -> None:
    model_server.script(calls(("ls", {}), SLEEP, ("bash", {"command": "touch never"})))
    process, child = run_until_the_command_sleeps(start_koi, workspace, "-m", model)
    process.send_signal(number)
    outcome = finish(process)
    assert outcome.code == 130
    assert outcome.error["kind"] == "cancelled"
    assert outcome.result["finish_reason"] == "cancelled"
    assert not is_running(child)
    assert not (workspace / "never").exists()
    records = [entry.record for entry in journal_entries(koi_home)]
    results = Counter(r.result.call_id for r in records if isinstance(r, ToolResultRecord))
    assert list(results.values()) == [1, 1, 1]
    assert [r.status for r in records if isinstance(r, TurnEndRecord)] == ["cancelled"]
    model_server.script(text("Going on."))
    assert machine("-c", "go on").code == 0
    assert len(tool_results(model_server.model_requests[1].body)) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_probe_that_is_interrupted_ends_with_its_result(
    start_koi: Start, model_server: ModelServer, model: str, number: signal.Signals
) -> None:
    model_server.script(Answer(text="so far and no further", cut_after=4, hold=threading.Event()))
    process = start_koi("probe", model)
    assert process.stdout is not None
    lines = [process.stdout.readline(), process.stdout.readline()]
    process.send_signal(number)
    outcome = finish(process)
    assert outcome.code == 130, lines
    assert outcome.error["kind"] == "cancelled"
    assert outcome.result["finish_reason"] == "cancelled"


def test_under_nohup_a_run_outlives_its_terminal(
    model_server: ModelServer, model: str, workspace: Path
) -> None:
    hold = threading.Event()
    model_server.script(Answer(text="all of it", cut_after=2, hold=hold))
    koi = Path(sys.executable).with_name("koi")
    process = subprocess.Popen(
        ["sh", "-c", f"trap '' HUP; exec {koi} run --output stream-json -m {model} hello"],
        cwd=workspace,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: model_server.model_requests)
    process.send_signal(signal.SIGHUP)
    hold.set()
    outcome = finish(process)
    assert outcome.code == 0
    assert outcome.result["text"] == "all of it"


def test_an_interrupted_answer_keeps_what_was_said(
    start_koi: Start, machine: Machine, model_server: ModelServer, model: str
) -> None:
    hold = threading.Event()
    model_server.script(Answer(text="so far and no further", cut_after=4, hold=hold))
    process = start_koi("run", "-m", model, "--output", "stream-json", "talk")
    assert process.stdout is not None
    seen = ""
    while '"text"' not in seen:
        seen += process.stdout.readline()
    process.send_signal(signal.SIGINT)
    outcome = finish(process)
    assert outcome.code == 130
    assert str(outcome.result["text"]).startswith("so far")
    assert model_server.requests[0].client_gone.wait(5)
    hold.set()
    model_server.script(text("Going on."))
    machine("-c", "go on")
    assert "so far" in str(model_server.model_requests[1].messages)


def test_an_interrupt_while_waiting_for_the_model_is_quick(
    start_koi: Start, model_server: ModelServer, model: str, koi_home: Path
) -> None:
    model_server.script(Answer(text="never", hold=threading.Event()))
    process = start_koi("run", "-m", model, "--output", "json", "talk")
    wait_for(lambda: model_server.requests)
    process.send_signal(signal.SIGTERM)
    assert finish(process).code == 130
    (entry,) = read_ledger(koi_home / "data" / "ledger.jsonl").entries
    assert (entry.ok, entry.usage.estimated) == (False, True)


def test_a_killed_koi_can_be_resumed_and_says_that_the_call_may_have_run(
    start_koi: Start,
    machine: Machine,
    model_server: ModelServer,
    model: str,
    workspace: Path,
    koi_home: Path,
) -> None:
    model_server.script(calls(SLEEP, ("bash", {"command": "touch never"})))
    process, child = run_until_the_command_sleeps(start_koi, workspace, "-m", model)
    process.kill()
    process.wait()
    signal_left_over(child)
    records = [entry.record for entry in journal_entries(koi_home)]
    assert isinstance(records[-1], ToolIntentRecord)
    model_server.script(text("Going on."))
    outcome = machine("-c", "go on")
    assert outcome.code == 0
    may_have, not_started = tool_results(model_server.model_requests[1].body)
    assert "may have run" in may_have
    assert "no record that it ran" in not_started


def signal_left_over(child: int) -> None:
    """koi had no chance to end its command; the test does."""
    with suppress(ProcessLookupError):
        os.killpg(os.getpgid(child), signal.SIGKILL)


def test_two_koi_in_one_session_is_a_clear_error(
    start_koi: Start,
    machine: Machine,
    model_server: ModelServer,
    config_file: Path,
    workspace: Path,
) -> None:
    model_server.script(calls(SLEEP))
    process, _ = run_until_the_command_sleeps(start_koi, workspace)
    outcome = machine("-c", "me too")
    assert outcome.code == 1
    assert f"in use by process {process.pid}" in str(outcome.error["message"])
    process.send_signal(signal.SIGINT)
    assert finish(process).code == 130


def test_the_reader_of_the_output_may_leave(
    start_koi: Start, model_server: ModelServer, config_file: Path
) -> None:
    hold = threading.Event()
    model_server.script(Answer(text="word " * 2000, cut_after=3, hold=hold))
    process = start_koi("run", "--output", "stream-json", "talk")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    hold.set()
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    assert process.wait(20) == 1
