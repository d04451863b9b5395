"""No secret gets anywhere but into its own request: planted everywhere, looked for everywhere.

A new way through koi is one more line in `WAYS`.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from koi.agent.options import SessionOptions
from koi.cli.dispatch import run
from koi.core.secret import Secret
from koi.credentials.discovery import discover
from koi.tui import browser, clipboard
from koi.tui.app import KoiApp
from koi.wiring.registry import open_registry
from tests.conftest import RunKoi
from tests.project.planted import CANARIES, CONFIGURED, PASTED, Planted, plant
from tests.servers.answers import Answer, calls, failure, text
from tests.servers.model_server import ModelServer, RecordedRequest
from tests.servers.oauth_server import CANARY, Codex, GitHub, MiniMax, Qwen
from tests.tui.koi_app import say, screen_text, until


@dataclass(frozen=True)
class Way:
    """A command line, what is typed, and what the model's server does meanwhile."""

    arguments: tuple[str, ...]
    stdin: str = ""
    answers: tuple[Answer, ...] = ()


def repeat(request: RecordedRequest) -> Answer:
    """A refusal that repeats all that was sent."""
    said = f"refused: {request.headers} {request.raw_body!r} {request.path}"
    return failure(401, said)


RUN = ("run", "--debug", "--output", "stream-json")
LOOK = "env; tr '\\0' '\\n' < /proc/self/environ; cat /proc/self/cmdline"
WAYS = {
    "providers": Way(("providers",)),
    "providers for programs": Way(("providers", "--json")),
    "models": Way(("models",)),
    "status": Way(("connect", "status")),
    "status for programs": Way(("connect", "status", "--json")),
    "the doctor": Way(("doctor", "--live", "--bundle", "report.zip")),
    "the doctor for programs": Way(("doctor", "--json")),
    "the configuration": Way(("config", "get", "--origin")),
    "a key of the configuration": Way(("config", "get", "providers.echo.api_key")),
    "headers of the configuration": Way(("config", "get", "providers.echo.headers")),
    "mistakes": Way(("config", "check")),
    "a configuration that is imported": Way(
        ("config", "import", "-", "--yes"),
        f'[providers.new]\nprotocol = "openai-chat"\nbase_url = "https://new.example/v1"\n'
        f'api_key = "{CONFIGURED["configured key"]}"\n'
        f'headers = {{ X-New = "{CONFIGURED["configured header"]}" }}\n',
    ),
    "init": Way(("init", "--plain")),
    "the targets": Way(("connect",), "99\n"),
    "a key that is pasted and kept": Way(("connect", "together", "--unchecked"), f"{PASTED}\n"),
    "a key that is pasted and refused": Way(("connect", "together"), f"{PASTED}\n"),
    "a key of another vendor": Way(("connect", "openai"), "gsk_canary-in-a-file-0123456789\n"),
    "a yes": Way(("connect", "claude-cli"), "y\n"),
    "disconnecting": Way(("disconnect", "groq"), "y\n"),
    "disconnecting all": Way(("disconnect", "all"), "y\n"),
    "a turn": Way((*RUN, "hi"), answers=(text("Hello"),)),
    "a turn in words": Way(("run", "--debug", "hi"), answers=(text("Hello"),)),
    "a turn in lines": Way(("--plain", "--debug"), "hi\n/cost\n", (text("Hello"),)),
    "a command that looks around": Way(
        (*RUN, "--allow", "bash", "look"),
        answers=(calls(("bash", {"command": LOOK})), text("Seen.")),
    ),
    "a request that is refused": Way((*RUN, "-m", "echo/x", "hi")),
    "the same in the other format": Way((*RUN, "-m", "odd/x", "hi")),
    "a probe that is refused": Way(("probe", "--debug", "echo/x")),
    "a login that cannot be renewed": Way((*RUN, "-m", "qwen-code/coder-model", "hi")),
    "a login whose exchange is refused": Way((*RUN, "-m", "copilot/gpt-5", "hi")),
    "another program's login": Way((*RUN, "-m", "openai-codex/gpt-5", "hi")),
    "a key from the keyring": Way((*RUN, "-m", "mistral/mistral-large-latest", "hi")),
    "a key from a file": Way((*RUN, "-m", "groq/llama", "hi")),
    "sessions": Way(("sessions", "list")),
}


@pytest.fixture
def planted(tmp_path: Path, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Planted:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    home = tmp_path / "home"
    home.mkdir()
    return plant(home, model_server, monkeypatch)


@pytest.mark.parametrize("name", WAYS)
def test_no_secret_gets_out(
    name: str, planted: Planted, run_koi: RunKoi, model_server: ModelServer, workspace: Path
) -> None:
    way = WAYS[name]
    model_server.script(*way.answers or [repeat] * 4)
    model_server.pages["/refused"] = repeat
    if not way.answers:
        model_server.pages["/v1/models"] = repeat
    done = run_koi(*way.arguments, stdin=way.stdin)
    assert done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert planted.leaked(done.stdout + done.stderr) == []
    assert planted.leaked_into_files(*workspace.rglob("*")) == {}
    assert planted.open_to_others() == []


SERVERS: dict[str, Callable[[ModelServer], GitHub | Qwen | Codex | MiniMax]] = {
    "copilot": GitHub,
    "qwen": Qwen,
    "chatgpt": Codex,
    "minimax": MiniMax,
}
END: dict[str, tuple[Answer, ...]] = {
    "granted": (),
    "repeated in a refusal": (
        Answer(
            status=400,
            body=b'{"error": "access_denied", "error_description": "no canary-device-code-01"}',
        ),
    ),
    "repeated in a page": (Answer(status=400, body=b"<html>canary-device-code-01</html>"),),
}


@pytest.mark.parametrize("end", END)
@pytest.mark.parametrize("login", SERVERS)
def test_no_login_tells_what_it_got(
    login: str, end: str, planted: Planted, run_koi: RunKoi, model_server: ModelServer
) -> None:
    server = SERVERS[login](model_server)
    server.issued["interval"] = 100 if login == "minimax" else 0.1
    server.answers = list(END[end])
    planted.paths.config_file.write_text(server.configuration)
    done = run_koi("connect", login, "--device", "--debug")
    assert "Waiting for you" in done.stdout
    assert CANARY not in without_addresses(done.stdout + done.stderr)
    own = [path for path in planted.paths.state.rglob("*") if path.is_file()]
    assert [path for path in own if CANARY.encode() in path.read_bytes()] == []
    assert planted.open_to_others() == []


def without_addresses(told: str) -> str:
    """What was printed but for the address of a page, which the person needs."""
    return "\n".join(line for line in told.splitlines() if not line.strip().startswith("http"))


def test_a_damaged_login_file_is_told_without_its_content(
    planted: Planted, run_koi: RunKoi
) -> None:
    file = planted.paths.auth_file
    file.write_bytes(file.read_bytes()[:-20])
    done = run_koi("connect", "status")
    assert "auth.json" in done.stderr
    assert planted.leaked(done.stdout + done.stderr) == []
    assert planted.open_to_others() == []


def test_the_secrets_are_found_where_they_were_planted(planted: Planted, run_koi: RunKoi) -> None:
    told = run_koi("connect", "status").stdout
    for place in ("ANTHROPIC_API_KEY", "Codex CLI", "OS keyring", "in the file", "configuration"):
        assert place in told


async def test_what_was_found_never_prints_itself(planted: Planted) -> None:
    discovery = await discover(open_registry(), thorough=True)
    assert planted.leaked(f"{discovery!r} {discovery} {discovery.notes}") == []


def test_a_failure_that_nobody_waits_for_goes_to_the_log_without_secrets(
    planted: Planted, capsys: pytest.CaptureFixture[str]
) -> None:
    held = Secret(CANARIES["own access token"])

    async def fail() -> None:
        raise ValueError(f"cannot send {held.reveal()}")

    async def begin() -> None:
        task = asyncio.create_task(fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task
        gc.collect()

    open_registry()
    asyncio.run(begin())
    assert capsys.readouterr().err == ""
    assert "cannot send [redacted]" in planted.paths.log.read_text()
    assert planted.leaked_into_files() == {}


def test_a_crash_tells_no_secret(
    planted: Planted, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    held = [Secret(value) for value in CANARIES.values()]

    def fail(paths: object) -> None:
        raise ValueError(f"cannot do anything with {' | '.join(each.reveal() for each in held)}")

    monkeypatch.setattr("koi.cli.doctor.machine.machine", fail)
    assert run(["doctor", "--debug"]) == 1
    captured = capsys.readouterr()
    assert "koi itself failed: ValueError: cannot do anything with [redacted] |" in captured.err
    assert planted.leaked(captured.out + captured.err) == []
    assert planted.leaked_into_files() == {}


SAID = ("/connect status", "/connect", "/disconnect", "/model", "/cost", "/help", "hi")
"""What is typed into the chat, one after the other; Escape leaves each screen that it opens."""


async def test_no_screen_shows_a_secret(
    planted: Planted, model_server: ModelServer, workspace: Path
) -> None:
    model_server.script(repeat, repeat, repeat)
    app = KoiApp(SessionOptions(workspace=workspace))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(app, lambda: app.host.session is not None)
        for words in SAID:
            await say(app, pilot, words)
            for _ in range(4):
                await pilot.pause(0.02)
                assert planted.leaked(screen_text(app)) == []
            while len(app.screen_stack) > 1:
                await pilot.press("escape")
                await pilot.pause()
        await until(app, "refused")
        assert planted.leaked(screen_text(app)) == []
    await app.host.close()
    assert planted.leaked_into_files() == {}
    assert planted.open_to_others() == []


PROGRAMS: dict[str, Callable[[], object]] = {
    "a browser": lambda: browser._open("https://example.com"),
    "a clipboard tool": lambda: clipboard._pipe(("xclip",), b"text"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_program_gets_a_secret(
    name: str, planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    program = tmp_path / "xclip"
    program.write_text(f"#!/bin/sh\nenv > {seen}\n")
    program.chmod(0o700)
    monkeypatch.setenv("BROWSER", str(program))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    open_registry()
    PROGRAMS[name]()
    assert f"HOME={planted.home}" in seen.read_text()
    assert planted.leaked(seen.read_text()) == []


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux has this")
def test_no_secret_is_in_the_command_line_or_environment_of_a_child(
    planted: Planted, run_koi: RunKoi, model_server: ModelServer
) -> None:
    model_server.script(calls(("bash", {"command": LOOK})), text("Seen."))
    run_koi("run", "--allow", "bash", "look")
    result = str(model_server.model_requests[1].messages[-1])
    assert f"HOME={planted.home}" in result
    assert planted.leaked(result) == []
    assert os.environ["ANTHROPIC_API_KEY"] == CANARIES["ANTHROPIC_API_KEY"]
