"""koi's command line over a scripted model on loopback, and a real terminal for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from koi.store.journal import Journal
from koi.store.lines import Entry
from tests.conftest import RunKoi
from tests.servers.answers import JsonObject
from tests.servers.model_server import ModelServer

KEY = "test-key-of-the-scripted-model-0123"
OPENAI, ANTHROPIC = "chatty/scripted-model", "anthropic-like/scripted-model"


@dataclass(frozen=True)
class Outcome:
    """What a `koi run` in machine output left behind."""

    code: int
    lines: list[JsonObject]
    stderr: str

    @property
    def result(self) -> JsonObject:
        """The last line, which is the result."""
        assert self.lines, self.stderr
        assert self.lines[-1]["type"] == "result"
        return self.lines[-1]

    @property
    def error(self) -> JsonObject:
        """The error in the result."""
        assert self.result["ok"] is False
        return cast(JsonObject, self.result["error"])

    def of(self, kind: str) -> list[JsonObject]:
        """All lines of one type."""
        return [line for line in self.lines if line["type"] == kind]


@pytest.fixture
def config_file(koi_home: Path, model_server: ModelServer) -> Path:
    """The scripted model, in both wire formats, with a price and short waits."""
    koi_home.mkdir(exist_ok=True)
    file = koi_home / "config.toml"
    file.write_text(
        f"""
        model = "{OPENAI}"
        [providers.chatty]
        protocol = "openai-chat"
        base_url = "{model_server.openai_url}"
        api_key = "{KEY}"
        [providers.anthropic-like]
        protocol = "anthropic"
        base_url = "{model_server.url}"
        api_key = "{KEY}"
        [reliability]
        backoff_ms = 1
        [pricing."scripted-model"]
        input_per_mtok = 1.0
        output_per_mtok = 10.0
        cache_read_per_mtok = 0.5
        """
    )
    return file


@pytest.fixture(params=[OPENAI, ANTHROPIC], ids=["openai-chat", "anthropic"])
def model(request: pytest.FixtureRequest, config_file: Path) -> str:
    """The scripted model in each of the two wire formats."""
    return str(request.param)


@pytest.fixture
def machine(run_koi: RunKoi) -> Callable[..., Outcome]:
    """Runs `koi run --output stream-json ARGUMENTS`."""

    def run(*arguments: str, output: str = "stream-json", stdin: str = "") -> Outcome:
        done = run_koi("run", "--output", output, *arguments, stdin=stdin)
        return Outcome(done.returncode, parse(done.stdout), done.stderr)

    return run


def parse(stdout: str) -> list[JsonObject]:
    """Each line as an object."""
    return [json.loads(line) for line in stdout.splitlines()]


@pytest.fixture
def start_koi(workspace: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts koi without waiting for it; what is left at the end of the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("koi")), *arguments],
            cwd=workspace,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            process.kill()
        process.communicate()


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """True while a process runs (one that nobody has waited for yet does not)."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"


def journal_entries(koi_home: Path, session_id: str | None = None) -> tuple[Entry, ...]:
    """The entries of a session, by default of the only one."""
    (path,) = (koi_home / "data" / "sessions").glob(f"{session_id or '*'}.jsonl")
    return tuple(Journal.open(path, read_only=True).contents.entries)
