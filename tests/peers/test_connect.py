"""Logins at a real authorization server, on the full screen and in plain lines."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import shared_folder
from tests.peers.conftest import Peer
from tests.peers.conftest import running as running_peer
from tests.tui.terminal import KOI, Terminal

pytestmark = pytest.mark.peers
ENTER, ESCAPE = "\r", "\x1b"
CODE = re.compile(r"\b[A-Z]{4}-[A-Z]{4}\b")
EXPIRED_S = 30.0


@pytest.fixture(scope="module")
def oidc() -> Iterator[Peer]:
    """A certified OpenID provider with the device flow."""
    yield from running_peer(Peer("oidc"))


@pytest.fixture
def server(oidc: Peer, koi_home: Path) -> Iterator[Peer]:
    """The same in the place of Qwen's, whose login is the plain device flow."""
    koi_home.mkdir(parents=True)
    (koi_home / "config.toml").write_text(
        '[oauth.qwen]\nclient_id = "koi-cli"\nscope = "openid offline_access"\n'
        f'device_url = "{oidc.url}/device/auth"\ntoken_url = "{oidc.url}/token"\n'
    )
    yield oidc
    oidc.post("/__peer/config", {"deviceTtl": 600, "forceSlowDown": 0, "slowDownStep": 5})


def person(server: Peer, code: str, *options: str) -> None:
    """Somebody enters the code at the server's page."""
    done = server.call(
        "approve", "--port", server.url.rpartition(":")[2], "--user-code", code, *options
    )
    assert done.returncode == 0, done.stdout + done.stderr


def shown_code(terminal: Terminal) -> str:
    """The code on the screen; in a small window its letters are apart."""
    found: list[str] = []

    def is_there() -> bool:
        found.extend(CODE.findall(re.sub(r"(?<=[A-Z-]) (?=[A-Z-]( |$))", "", terminal.text)))
        return bool(found)

    terminal.wait_for(is_there)
    return found[-1]


def opened(workspace: Path, columns: int = 80, rows: int = 24) -> Terminal:
    return Terminal([KOI, "connect", "qwen", "--device"], workspace, columns=columns, rows=rows)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40), (60, 15)])
def test_a_login_on_the_full_screen(
    workspace: Path, koi_home: Path, server: Peer, columns: int, rows: int
) -> None:
    with opened(workspace, columns, rows) as terminal:
        terminal.wait_for("Enter go on")
        terminal.send(ENTER)
        person(server, shown_code(terminal))
        terminal.wait_for("✓ Qwen Code is connected")
        terminal.send(ENTER)
        assert terminal.exit_code() == 0
        assert not terminal.modes_left_on
        kept = json.loads((koi_home / "data" / "auth.json").read_bytes())
        token = kept["providers"]["qwen-code"]["access_token"]
        assert token.encode() not in terminal.raw


def test_a_browser_is_opened_on_request(
    workspace: Path, server: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    person_at_the_browser = shared_folder("KOI_PEERS", "real servers") / "oidc/approve.py"
    monkeypatch.setenv("BROWSER", f"{sys.executable} {person_at_the_browser} --url %s")
    with opened(workspace) as terminal:
        terminal.wait_for("Enter go on")
        terminal.send(ENTER)
        shown_code(terminal)
        terminal.send("o")
        terminal.wait_for("✓ Qwen Code is connected")


def test_a_denied_login_is_followed_by_a_new_code(workspace: Path, server: Peer) -> None:
    with opened(workspace) as terminal:
        terminal.wait_for("Enter go on")
        terminal.send(ENTER)
        first = shown_code(terminal)
        person(server, first, "--deny")
        terminal.wait_for("✗ ")
        terminal.send(ENTER)
        terminal.wait_for(lambda: bool(set(CODE.findall(terminal.text)) - {first}))
        person(server, shown_code(terminal))
        terminal.wait_for("✓ Qwen Code is connected")
        terminal.send(ENTER)
        assert terminal.exit_code() == 0


def test_a_code_that_expired_is_told(workspace: Path, koi_home: Path, server: Peer) -> None:
    server.post("/__peer/config", {"deviceTtl": 3})
    with opened(workspace) as terminal:
        terminal.wait_for("Enter go on")
        terminal.send(ENTER)
        shown_code(terminal)
        terminal.wait_for("✗ ")
        assert "Enter try again" in terminal.text
        terminal.send(ESCAPE)
        assert terminal.exit_code() == 1
    assert not (koi_home / "data" / "auth.json").exists()


def test_a_login_that_is_asked_too_often_goes_on(workspace: Path, server: Peer) -> None:
    server.post("/__peer/config", {"forceSlowDown": 1, "slowDownStep": 0})
    with opened(workspace) as terminal:
        terminal.wait_for("Enter go on")
        terminal.send(ENTER)
        code = shown_code(terminal)
        terminal.wait_for("asking less often")
        person(server, code)
        terminal.wait_for("✓ Qwen Code is connected")


def test_a_login_that_is_given_up_keeps_nothing(
    workspace: Path, koi_home: Path, server: Peer
) -> None:
    with opened(workspace) as terminal:
        terminal.wait_for("Enter go on")
        terminal.send(ENTER)
        shown_code(terminal)
        terminal.send(ESCAPE)
        assert terminal.exit_code() == 1
        assert not terminal.modes_left_on
    assert not (koi_home / "data" / "auth.json").exists()


# Plain lines


@pytest.fixture
def plain(workspace: Path, server: Peer) -> Iterator[subprocess.Popen[str]]:
    """`koi connect qwen --plain`, which has not yet printed anything."""
    command = [KOI, "connect", "qwen", "--device", "--plain"]
    with subprocess.Popen(
        command,
        cwd=workspace,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def printed_code(process: subprocess.Popen[str]) -> str:
    """The line that is a code and nothing else."""
    assert process.stdout is not None
    end = time.monotonic() + EXPIRED_S
    for line in process.stdout:
        assert time.monotonic() < end
        if CODE.fullmatch(line.strip()):
            return line.strip()
    raise AssertionError("no code was printed")


def test_a_login_in_plain_lines(server: Peer, plain: subprocess.Popen[str]) -> None:
    person(server, printed_code(plain))
    out, _ = plain.communicate(timeout=EXPIRED_S)
    assert "Connected" in out
    assert plain.returncode == 0


def test_a_denied_login_in_plain_lines(server: Peer, plain: subprocess.Popen[str]) -> None:
    person(server, printed_code(plain), "--deny")
    _, err = plain.communicate(timeout=EXPIRED_S)
    assert err.startswith("koi: ")
    assert plain.returncode == 1


def test_ctrl_c_ends_a_login_in_plain_lines(koi_home: Path, plain: subprocess.Popen[str]) -> None:
    printed_code(plain)
    plain.send_signal(signal.SIGINT)
    _, err = plain.communicate(timeout=EXPIRED_S)
    assert err == "koi: Cancelled\n"
    assert plain.returncode == 130
    assert not (koi_home / "data" / "auth.json").exists()
