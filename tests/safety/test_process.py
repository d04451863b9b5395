"""Commands end, with everything that they started, whatever they do."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from koi.core.errors import ToolFailure
from koi.safety import supervision
from koi.safety.process import CommandResult, end_all, run_command

SOONER_THAN_SIGTERM_S = 1.5
"""Whoever waits for a cancelled command waits for SIGTERM, 2 s after SIGINT, at the least."""
STUBBORN = "trap '' INT TERM; echo $$ > pid; while :; do sleep 0.05; done"


async def run(command: str, folder: Path, timeout_s: float = 20.0) -> CommandResult:
    return await run_command(
        command, cwd=folder, timeout_s=timeout_s, spill_folder=folder / "spill"
    )


def steps(after_int_s: float, after_term_s: float) -> tuple[tuple[signal.Signals, float], ...]:
    """The three signals, with other times between them."""
    (first, _), (second, _), last = supervision._ESCALATION
    return ((first, after_int_s), (second, after_term_s), last)


def output(result: CommandResult) -> str:
    return result.output.excerpt().head.decode()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    if sys.platform != "linux":
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for_pid(path: Path) -> int:
    until = time.monotonic() + 20
    while not (path.exists() and path.read_text().strip()):
        assert time.monotonic() < until, "the command did not start"
        time.sleep(0.01)
    return int(path.read_text())


def wait_until_gone(pid: int) -> None:
    until = time.monotonic() + 20
    while alive(pid):
        assert time.monotonic() < until, f"process {pid} is still there"
        time.sleep(0.01)


async def test_output_of_both_streams_and_the_exit_code(tmp_path: Path) -> None:
    result = await run("echo out; echo err >&2; pwd; exit 3", tmp_path)
    assert output(result) == f"out\nerr\n{tmp_path}\n"
    assert (result.end, result.exit_code, result.ended_children) == ("exited", 3, 0)


async def test_there_is_no_input_and_no_terminal(tmp_path: Path) -> None:
    result = await run("cat; (echo x > /dev/tty) 2>/dev/null || echo none", tmp_path)
    assert output(result) == "none\n"


async def test_secrets_do_not_reach_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary-1")
    monkeypatch.setenv("HARMLESS", "sk-canary-2-0123456789abcdef")
    monkeypatch.setenv("COLOUR", "blue")
    text = output(await run("env; cat /proc/self/environ 2>/dev/null || true", tmp_path))
    assert "canary" not in text
    assert "COLOUR=blue" in text
    assert "AGENT=koi" in text


def test_a_new_file_has_the_users_mode_and_not_kois(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import asyncio, os, pathlib, sys
        from koi.files.umask import make_private
        from koi.safety.process import run_command
        os.umask(0o022)
        make_private()
        folder = pathlib.Path(sys.argv[1])
        asyncio.run(run_command("touch made", cwd=folder))
        """
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "command",
    [
        "sleep 1000 & echo $! > pid",
        "setsid bash -c 'echo $$ > pid; exec sleep 1000' & while [ ! -s pid ]; do sleep 0.01; done",
        "setsid bash -c 'echo $$ > pid; trap \"\" TERM INT HUP; while :; do sleep 0.05; done' & "
        "while [ ! -s pid ]; do sleep 0.01; done",
        "(setsid bash -c 'echo $$ > pid; exec sleep 1000' &) ; "
        "while [ ! -s pid ]; do sleep 0.01; done",
    ],
    ids=["background", "session of its own", "stubborn", "orphan"],
)
async def test_background_children_are_ended_with_the_command(tmp_path: Path, command: str) -> None:
    result = await run(command, tmp_path)
    assert result.end == "exited"
    assert result.exit_code == 0
    assert result.ended_children >= 1
    assert not alive(int((tmp_path / "pid").read_text()))


async def test_a_helper_that_is_about_to_end_may_finish(tmp_path: Path) -> None:
    result = await run("echo text > >(sleep 0.02; tee copy)", tmp_path)
    assert output(result) == "text\n"
    assert result.ended_children == 0


async def test_a_pipe_that_a_child_holds_open_does_not_hang_the_call(tmp_path: Path) -> None:
    started = time.monotonic()
    result = await run("echo before; (sleep 1000; echo never) & exit 0", tmp_path)
    assert output(result).startswith("before\n")
    assert time.monotonic() - started < 10


async def test_a_command_that_closed_its_output_is_waited_for(tmp_path: Path) -> None:
    result = await run("exec >&- 2>&-; sleep 0.2; exit 4", tmp_path)
    assert result.exit_code == 4


async def test_endless_output_is_cut_by_the_timeout(tmp_path: Path) -> None:
    result = await run("yes", tmp_path, timeout_s=0.5)
    assert result.end == "timeout"
    excerpt = result.output.excerpt()
    assert len(excerpt.head) + len(excerpt.tail) <= 200_000
    assert result.output.spill_path is not None
    assert result.output.spill_path.stat().st_size <= 64 * 1024 * 1024


async def test_a_command_that_ignores_signals_is_killed_after_its_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "_ESCALATION", steps(0.2, 0.2))
    result = await run(STUBBORN, tmp_path, timeout_s=0.3)
    assert result.end == "timeout"
    assert result.exit_code == -9
    assert not alive(int((tmp_path / "pid").read_text()))


async def test_cancelling_returns_at_once_and_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "_ESCALATION", steps(2.0, 0.2))
    task = asyncio.create_task(run(STUBBORN, tmp_path))
    pid = await asyncio.to_thread(wait_for_pid, tmp_path / "pid")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, SOONER_THAN_SIGTERM_S)
    await asyncio.to_thread(wait_until_gone, pid)


async def test_cancelling_interrupts_first(tmp_path: Path) -> None:
    command = "trap 'echo INT > got; exit' INT; echo $$ > pid; while :; do sleep 0.02; done"
    task = asyncio.create_task(run(command, tmp_path))
    pid = await asyncio.to_thread(wait_for_pid, tmp_path / "pid")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(wait_until_gone, pid)
    assert (tmp_path / "got").read_text() == "INT\n"


async def test_end_all_kills_without_waiting(tmp_path: Path) -> None:
    task = asyncio.create_task(run(STUBBORN, tmp_path))
    pid = await asyncio.to_thread(wait_for_pid, tmp_path / "pid")
    end_all()
    assert (await task).exit_code == -9
    await asyncio.to_thread(wait_until_gone, pid)


def test_nothing_outlives_koi(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import asyncio, pathlib, sys
        from koi.safety.process import run_command
        folder = pathlib.Path(sys.argv[1])
        async def main():
            task = asyncio.create_task(run_command(sys.argv[2], cwd=folder))
            while not (folder / "pid").exists() or not (folder / "pid").read_text():
                await asyncio.sleep(0.01)
        asyncio.run(main())
        """
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path), STUBBORN], check=True)
    wait_until_gone(int((tmp_path / "pid").read_text()))


async def test_live_output_arrives_while_the_command_runs(tmp_path: Path) -> None:
    shown: list[str] = []
    first = asyncio.Event()

    def show(text: str) -> None:
        shown.append(text)
        first.set()

    command = "printf 'h\\303'; sleep 0.2; printf '\\251'; while [ ! -e go ]; do sleep 0.01; done"
    task = asyncio.create_task(run_command(command, cwd=tmp_path, on_output=show))
    await asyncio.wait_for(first.wait(), 20)
    (tmp_path / "go").touch()
    await task
    assert "".join(shown) == "hé"


async def test_a_flood_of_live_output_is_merged(tmp_path: Path) -> None:
    shown: list[str] = []
    result = await run_command(
        "head -c 50M /dev/zero | tr '\\0' 'x'; echo end", cwd=tmp_path, on_output=shown.append
    )
    assert len(shown) <= 20 * result.duration_s + 2
    assert all(len(text) <= 16_384 for text in shown)
    assert shown[-1].endswith("end\n")


async def test_a_missing_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ToolFailure, match="could not be started"):
        await run("true", tmp_path / "nowhere")


@pytest.mark.parametrize(("command", "problem"), [("a\0b", "NUL"), (":" * 200_000, "longer")])
async def test_impossible_commands_are_clear_errors(
    tmp_path: Path, command: str, problem: str
) -> None:
    with pytest.raises(ToolFailure, match=problem):
        await run(command, tmp_path)


async def test_bash_is_never_taken_from_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bash").write_text("#!/bin/sh\necho hijacked\n")
    (tmp_path / "bash").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".:{os.environ['PATH']}")
    assert output(await run("echo mine", tmp_path)) == "mine\n"


def test_a_gibibyte_of_output_costs_little_memory(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import asyncio, pathlib, resource, sys
        from koi.safety.process import run_command
        def peak():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        async def main():
            folder = pathlib.Path(sys.argv[1])
            await run_command("true", cwd=folder)
            before = peak()
            result = await run_command(
                "head -c 1G /dev/zero | tr '\\\\0' 'x'", cwd=folder, spill_folder=folder / "spill",
                on_output=lambda text: None,
            )
            print(peak() - before, result.output.total_bytes, result.output.spilled_bytes)
        asyncio.run(main())
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    growth, total, spilled = map(int, done.stdout.split())
    growth_bytes = growth * (1 if sys.platform == "darwin" else 1024)
    assert total == 1024**3
    assert spilled == 64 * 1024 * 1024
    assert growth_bytes <= 40 * 1024 * 1024
