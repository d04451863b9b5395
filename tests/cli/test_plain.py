"""`koi --plain` on a real terminal: asking, stopping, leaving."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.test_run import tool_results
from tests.conftest import RunKoi
from tests.servers.answers import Answer, Call, calls, text
from tests.servers.model_server import ModelServer

MAKE = ("bash", {"command": "touch made"})
PROMPT, QUESTION = "You: ", "(default no): "

TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Terminal:
    """koi behind a pseudo-terminal, and a person who reads before typing."""

    def __init__(self, folder: Path, arguments: tuple[str, ...]) -> None:
        self._descriptor, child = pty.openpty()
        koi = str(Path(sys.executable).with_name("koi"))
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE_TERMINAL, koi, "--plain", *arguments],
            cwd=folder,
            stdin=child,
            stdout=child,
            stderr=child,
            start_new_session=True,
        )
        os.close(child)
        self.seen = ""
        self._read_up_to = 0

    def wait_for(self, words: str, seconds: float = 20) -> str:
        """Read until `words` appear after what was waited for before; returns what came."""
        end = time.monotonic() + seconds
        while (at := self.seen.find(words, self._read_up_to)) < 0:
            left = end - time.monotonic()
            assert left > 0, f"no {words!r} in {self.seen[self._read_up_to :]!r}"
            if select.select([self._descriptor], [], [], left)[0]:
                self.seen += os.read(self._descriptor, 65536).decode().replace("\r\n", "\n")
        came = self.seen[self._read_up_to : at]
        self._read_up_to = at + len(words)
        return came

    def type(self, keys: str) -> None:
        """Type something; Enter, Ctrl+C and Ctrl+D as \\n, \\x03 and \\x04."""
        os.write(self._descriptor, keys.encode())

    def ask(self, prompt: str) -> None:
        """Type a prompt when it is time."""
        self.wait_for(PROMPT)
        self.type(f"{prompt}\n")

    def exit_code(self) -> int:
        """Wait for koi to leave."""
        return self.process.wait(20)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._descriptor)


@pytest.fixture
def plain(workspace: Path, config_file: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        opened.append(Terminal(workspace, arguments))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


Plain = Callable[..., Terminal]


def test_a_conversation_in_lines(plain: Plain, model_server: ModelServer) -> None:
    model_server.script(text("First answer."), text("Second answer."))
    terminal = plain()
    terminal.ask("one")
    terminal.wait_for("First answer.")
    terminal.ask("two")
    terminal.wait_for("Second answer.")
    terminal.wait_for(PROMPT)
    terminal.type("\x04")
    assert terminal.exit_code() == 0
    assert len(model_server.requests) == 2


@pytest.mark.parametrize(("key", "made"), [("y", True), ("n", False), ("", False), ("q", False)])
def test_a_call_is_asked_about(
    plain: Plain, model_server: ModelServer, workspace: Path, key: str, made: bool
) -> None:
    model_server.script(calls(MAKE), text("So be it."))
    terminal = plain()
    terminal.ask("make it")
    assert "touch made" in terminal.wait_for(QUESTION)
    terminal.type(f"{key}\n")
    terminal.wait_for("So be it.")
    assert (workspace / "made").exists() == made


def test_always_asks_once(plain: Plain, model_server: ModelServer, workspace: Path) -> None:
    model_server.script(calls(MAKE), calls(MAKE), text("Twice."))
    terminal = plain()
    terminal.ask("make it twice")
    terminal.wait_for(QUESTION)
    terminal.type("a\n")
    assert QUESTION not in terminal.wait_for("Twice.")


def test_what_is_asked_hides_nothing(plain: Plain, model_server: ModelServer) -> None:
    hidden = "echo ok \x1b[8m; rm -rf x\x1b[0m"
    model_server.script(calls(("bash", {"command": hidden})), text("No."))
    terminal = plain()
    terminal.ask("go")
    asked = terminal.wait_for(QUESTION)
    assert "; rm -rf x" in asked
    assert "\x1b" not in asked


def test_the_end_of_input_while_asked_is_a_no(
    plain: Plain, model_server: ModelServer, workspace: Path
) -> None:
    model_server.script(calls(MAKE), text("Then not."))
    terminal = plain()
    terminal.ask("make it")
    terminal.wait_for(QUESTION)
    terminal.type("\x04")
    terminal.wait_for("Then not.")
    assert not (workspace / "made").exists()
    assert "Denied" in tool_results(model_server.model_requests[1].body)[0]


def test_ctrl_c_stops_the_turn_and_the_chat_goes_on(
    plain: Plain, model_server: ModelServer
) -> None:
    model_server.script(
        Answer(text="talking and talking", cut_after=4, hold=threading.Event()), text("Calm.")
    )
    terminal = plain()
    terminal.ask("talk")
    terminal.wait_for("talking")
    terminal.type("\x03")
    terminal.wait_for("interrupted")
    terminal.ask("calm down")
    terminal.wait_for("Calm.")


def test_ctrl_c_while_asked_stops_the_turn(
    plain: Plain, model_server: ModelServer, workspace: Path
) -> None:
    model_server.script(calls(MAKE), text("Next."))
    terminal = plain()
    terminal.ask("make it")
    terminal.wait_for(QUESTION)
    terminal.type("\x03")
    terminal.wait_for("interrupted")
    terminal.ask("next")
    terminal.wait_for("Next.")
    assert not (workspace / "made").exists()


def test_what_was_typed_before_a_question_is_no_answer(
    plain: Plain, model_server: ModelServer, workspace: Path
) -> None:
    hold = threading.Event()
    model_server.script(
        Answer(text="I begin.", calls=(Call(*MAKE),), cut_after=2, hold=hold), text("Then not.")
    )
    terminal = plain()
    terminal.ask("make it")
    terminal.wait_for("I begin.")
    terminal.type("y\n")
    hold.set()
    terminal.wait_for(QUESTION)
    terminal.type("\n")
    terminal.wait_for("Then not.")
    assert not (workspace / "made").exists()


def test_ctrl_c_at_the_prompt_leaves(plain: Plain) -> None:
    terminal = plain()
    terminal.wait_for(PROMPT)
    terminal.type("\x03")
    assert terminal.exit_code() == 130


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves(plain: Plain, number: signal.Signals) -> None:
    terminal = plain()
    terminal.wait_for(PROMPT)
    terminal.process.send_signal(number)
    assert terminal.exit_code() == 130


def test_commands(plain: Plain, model_server: ModelServer) -> None:
    model_server.script(text("Hello"))
    terminal = plain()
    terminal.ask("/help")
    assert re.search(r"^/mode", terminal.wait_for("/exit"), re.MULTILINE)
    terminal.ask("/mode plan")
    terminal.wait_for("mode: plan")
    terminal.ask("/mode sideways")
    terminal.wait_for("no mode 'sideways'")
    terminal.ask("/model anthropic-like/scripted-model")
    terminal.wait_for("model: anthropic-like/scripted-model")
    terminal.ask("hi")
    terminal.wait_for("Hello")
    terminal.ask("/tokens")
    terminal.wait_for("tokens: 100 in")
    terminal.ask("/cost")
    terminal.wait_for("cost: $0.0")
    terminal.ask("/nonsense")
    terminal.wait_for("/nonsense")
    terminal.ask("/exit")
    assert terminal.exit_code() == 0
    assert model_server.requests[0].path.endswith("/messages")
    assert b"Plan mode" in model_server.requests[0].raw_body


def test_a_failed_turn_is_told_and_the_chat_goes_on(
    plain: Plain, model_server: ModelServer
) -> None:
    model_server.script(Answer(status=400, error="not like this"), text("Better."))
    terminal = plain()
    terminal.ask("go")
    terminal.wait_for("error (bad_request): not like this")
    terminal.ask("again")
    terminal.wait_for("Better.")


def test_connecting_in_the_chat(plain: Plain, model_server: ModelServer, config_file: Path) -> None:
    with config_file.open("a") as file:
        file.write(f'[providers.groq]\nbase_url = "{model_server.openai_url}"\n')
    model_server.pages["/v1/models"] = lambda request: Answer(body=b'{"data": [{"id": "m-1"}]}')
    model_server.script(text("By Groq."))
    terminal = plain()
    terminal.ask("/connect groq")
    terminal.wait_for("Key (not shown): ")
    terminal.type("test-key-0123456789abcdef\n")
    assert "test-key" not in terminal.wait_for("/model PROVIDER/MODEL")
    terminal.ask("/connect status")
    terminal.wait_for("connected (API key in the file")
    terminal.ask("/connect groq")
    terminal.wait_for("Key (not shown): ")
    terminal.type("\x03")
    terminal.wait_for("The chat goes on")
    terminal.ask("/model groq/m-1")
    terminal.wait_for("model: groq/m-1")
    terminal.ask("hello")
    terminal.wait_for("By Groq.")
    terminal.ask("/disconnect groq")
    terminal.wait_for("[y/N] ")
    terminal.type("y\n")
    terminal.wait_for("removed (key in a private file)")
    terminal.wait_for(PROMPT)
    terminal.type("\x03")
    assert terminal.exit_code() == 130


def test_prompts_may_come_through_a_pipe(
    run_koi: RunKoi, model_server: ModelServer, config_file: Path
) -> None:
    model_server.script(text("One."), text("Two."))
    done = run_koi("--plain", stdin="first\n\nsecond\n")
    assert done.returncode == 0
    assert done.stdout.index("One.") < done.stdout.index("Two.")


def test_limits_and_fallbacks_are_shown_and_changed(
    plain: Plain, model_server: ModelServer
) -> None:
    terminal = plain()
    terminal.ask("/budget session 10k tokens")
    terminal.wait_for("Limit of the session in tokens: 10k tokens, in this session.")
    terminal.ask("/budget")
    terminal.wait_for("Limit of the session in tokens: 0 of 10k, 0% used, 10k tokens left")
    terminal.ask("/fallback")
    terminal.wait_for("1. chatty/scripted-model")
    terminal.wait_for("/fallback REF")
    terminal.ask("/roles")
    terminal.wait_for("executor: chatty/scripted-model")


def test_a_turn_that_stopped_at_a_limit_goes_on(plain: Plain, model_server: ModelServer) -> None:
    model_server.script(text("Done."))
    terminal = plain()
    terminal.ask("/budget session 1 tokens")
    terminal.ask("do it")
    terminal.wait_for("the session's limit in tokens leaves no room")
    terminal.ask("/budget session tokens off")
    terminal.ask("/retry")
    terminal.wait_for("Done.")
    assert len(model_server.requests) == 1
