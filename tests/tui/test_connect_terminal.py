"""`koi connect` in a real terminal, from the first screen to the way it leaves the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.model_server import ModelServer
from tests.servers.oauth_server import CANARY, GitHub
from tests.tui.terminal import KOI, Terminal

ENTER, ESCAPE = "\r", "\x1b"


@pytest.fixture
def github(model_server: ModelServer, koi_home: Path) -> GitHub:
    """A GitHub that grants the login the first time that it is asked."""
    github = GitHub(model_server)
    github.issued["interval"] = 0.5
    koi_home.mkdir(parents=True)
    (koi_home / "config.toml").write_text(github.configuration)
    return github


def is_clean(terminal: Terminal) -> bool:
    """The main screen, a cursor, no reports, and the line's settings as before."""
    return not terminal.modes_left_on and terminal.attributes == terminal.attributes_before


def test_a_login_from_its_terms_to_its_success(
    workspace: Path, koi_home: Path, github: GitHub
) -> None:
    command = [KOI, "connect", "github-copilot"]
    with Terminal(command, workspace, columns=80, rows=24) as terminal:
        terminal.wait_for("Accounts have been suspended")
        terminal.send(ENTER)
        terminal.wait_for("Where is your account?")
        terminal.send(ENTER)
        terminal.wait_for("ABCD-1234")
        terminal.wait_for("✓ GitHub Copilot is connected as octocat")
        terminal.send(ENTER)
        assert terminal.exit_code() == 0
        assert is_clean(terminal)
        assert "GitHub Copilot is connected. Start with: koi -p copilot" in terminal.text
        assert CANARY.encode() not in terminal.raw
    assert (koi_home / "data" / "auth.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("key", "code"), [(ESCAPE, 1), ("\x03", 130)])
def test_a_list_that_is_left_leaves_the_terminal_as_it_was(
    workspace: Path, key: str, code: int
) -> None:
    with Terminal([KOI, "connect"], workspace, columns=60, rows=15) as terminal:
        terminal.wait_for("GitHub Copilot")
        terminal.send(key)
        assert terminal.exit_code() == code
        assert is_clean(terminal)
        assert ("Nothing was connected." in terminal.text) == (code == 1)
