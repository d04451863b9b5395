"""koi in a real terminal: what a person does first, and how the terminal is left, whatever ends."""

from __future__ import annotations

import signal
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.tui.terminal import KOI, Terminal

DEMO = [KOI, "--demo"]
READY = "Ask koi to do something"
CTRL_C, CTRL_D, CTRL_Q, CTRL_Z, ESCAPE = "\x03", "\x04", "\x11", "\x1a", "\x1b"
DEAF_S = 0.6
"""A question takes no answer just after it appeared."""

CRASH = """
from koi.tui.actions import Actions

def fail(self):
    secret = "sk-local-variable"
    raise RuntimeError("a bug")

Actions.action_to_top = fail
from koi.cli.main import main
main(["--demo"])
"""
CTRL_HOME = "\x1b[1;5H"


@pytest.fixture(autouse=True)
def without_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo model answers at once."""
    monkeypatch.setenv("KOI_DEMO_PACE", "0")


@pytest.fixture
def slow_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo model writes for as long as a test needs."""
    monkeypatch.setenv("KOI_DEMO_PACE", "4")


def is_clean(terminal: Terminal) -> bool:
    """The main screen, a cursor, no reports, and the line's settings as before."""
    return not terminal.modes_left_on and terminal.attributes == terminal.attributes_before


def wait_for_quiet(terminal: Terminal) -> None:
    """koi has begun to start: the terminal echoes no keys any more."""
    terminal.wait_for(lambda: terminal.attributes != terminal.attributes_before)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (200, 60)])
def test_a_file_is_changed_after_a_yes(workspace: Path, columns: int, rows: int) -> None:
    file = workspace / "a.txt"
    file.write_text("foo here\nfoo there\n")
    with Terminal(DEMO, workspace, columns=columns, rows=rows) as terminal:
        wait_for_quiet(terminal)
        terminal.send("replace foo by bar in a.txt\r")
        terminal.wait_for("y yes")
        assert "-foo there" in terminal.text
        assert "+bar there" in terminal.text
        assert "? edit  a.txt" in terminal.text
        assert file.read_text() == "foo here\nfoo there\n"
        terminal.read_for(DEAF_S)
        terminal.send("y")
        terminal.wait_for("Done")
        assert file.read_text() == "bar here\nbar there\n"
        terminal.wait_for("Enter send")
        terminal.send(CTRL_C + CTRL_C)
        assert terminal.exit_code() == 0
        assert is_clean(terminal)
        assert "1 turn, cost $0. Go on: koi -r " in terminal.text
    with Terminal([*DEMO, "-c"], workspace, columns=columns, rows=rows) as terminal:
        terminal.wait_for("replace foo by bar in a.txt")
        terminal.wait_for("Done: foo is now bar")


def test_the_cost_pane_counts(workspace: Path) -> None:
    with Terminal(DEMO, workspace) as terminal:
        terminal.wait_for("nothing spent yet")
        terminal.send("hello\r")
        terminal.wait_for("executor koi")
        assert "session" in terminal.text


def test_keys_typed_while_koi_starts_are_not_lost_and_not_echoed(workspace: Path) -> None:
    with Terminal(DEMO, workspace) as terminal:
        wait_for_quiet(terminal)
        terminal.send("typed at once\rand more")
        terminal.wait_for("you  typed at once")
        terminal.wait_for("│ and more")
        before, _, _ = terminal.raw.partition(b"\x1b[?1049h")
        assert b"typed" not in before


def test_textual_6456_bytes_that_are_not_utf_8_do_not_end_koi(workspace: Path) -> None:
    with Terminal(DEMO, workspace) as terminal:
        terminal.wait_for(READY)
        terminal.send(b"caf\xe9 \xff\xc3(")
        terminal.send(" and on")
        terminal.wait_for("and on")
        terminal.send(CTRL_C + CTRL_Q)
        assert terminal.exit_code() == 0


def test_a_prompt_on_the_command_line_is_sent(workspace: Path) -> None:
    (workspace / "note.md").write_text("# A heading\n")
    with Terminal([*DEMO, "list the files"], workspace) as terminal:
        terminal.wait_for("you  list the files")
        terminal.wait_for("note.md")


@pytest.mark.usefixtures("slow_demo")
def test_a_resize_while_an_answer_streams(workspace: Path) -> None:
    with Terminal(DEMO, workspace) as terminal:
        wait_for_quiet(terminal)
        terminal.send("write a long answer\r")
        terminal.wait_for("● answering")
        for columns, rows in ((59, 20), (40, 12), (200, 60), (80, 24)):
            terminal.resize(columns, rows)
            terminal.wait_for(partial(fits, terminal, columns, rows))
        terminal.send(ESCAPE)
        terminal.wait_for("■ interrupted")
        assert len([line for line in terminal.lines if "interrupted" in line]) == 1


def fits(terminal: Terminal, columns: int, rows: int) -> bool:
    """The prompt's box ends above the last row and at the last column; the footer is the last."""
    box, footer = terminal.lines[rows - 2], terminal.lines[rows - 1]
    return len(box) == columns and box.endswith("╯") and "answering" in footer


@pytest.mark.parametrize(
    ("keys", "code"), [(CTRL_C + CTRL_C, 0), (CTRL_D, 0), (CTRL_Q, 0), ("/exit\r", 0)]
)
def test_ways_to_leave(workspace: Path, keys: str, code: int) -> None:
    with Terminal(DEMO, workspace) as terminal:
        terminal.wait_for(READY)
        terminal.send(keys)
        assert terminal.exit_code() == code
        assert is_clean(terminal)


@pytest.mark.usefixtures("slow_demo")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_while_an_answer_streams(
    workspace: Path, number: signal.Signals, code: int
) -> None:
    with Terminal(DEMO, workspace) as terminal:
        wait_for_quiet(terminal)
        terminal.send("write a long answer\r")
        terminal.wait_for("● answering")
        terminal.signal(number)
        assert terminal.exit_code() == code
        assert is_clean(terminal)
        assert "Go on: koi -r " in terminal.text


def test_a_signal_while_koi_starts(workspace: Path) -> None:
    with Terminal(DEMO, workspace) as terminal:
        wait_for_quiet(terminal)
        terminal.signal(signal.SIGTERM)
        assert terminal.exit_code() == 143
        assert is_clean(terminal)


@pytest.mark.usefixtures("slow_demo")
def test_a_window_that_is_closed_while_an_answer_streams(workspace: Path) -> None:
    with Terminal(DEMO, workspace) as terminal:
        wait_for_quiet(terminal)
        terminal.send("write a long answer\r")
        terminal.wait_for("● answering")
        terminal.close()
        assert terminal.exit_code() == 129
    with Terminal([*DEMO, "-c"], workspace) as terminal:
        terminal.wait_for("the answer was cut off here")


def test_a_window_that_is_closed_ends_koi_also_when_a_program_between_takes_the_signal(
    workspace: Path,
) -> None:
    command = ["sh", "-c", f"trap : HUP; {KOI} --demo; exit $?"]
    with Terminal(command, workspace) as terminal:
        terminal.wait_for(READY)
        terminal.close()
        assert terminal.exit_code() == 128 + signal.SIGHUP


def test_a_bug_leaves_a_clean_terminal_and_a_line(workspace: Path, koi_home: Path) -> None:
    with Terminal([sys.executable, "-c", CRASH], workspace) as terminal:
        wait_for_quiet(terminal)
        terminal.send("hello\r")
        terminal.wait_for("koi  ")
        terminal.send(CTRL_HOME)
        assert terminal.exit_code() == 1
        assert is_clean(terminal)
        assert "koi failed. The details are in " in terminal.text
        assert "Go on: koi -r " in terminal.text
        assert b"sk-local-variable" not in terminal.raw
    assert "RuntimeError: a bug" in (koi_home / "state" / "koi.log").read_text()


def test_a_wrong_configuration_is_told_on_the_main_screen(workspace: Path, koi_home: Path) -> None:
    koi_home.mkdir(parents=True)
    (koi_home / "config.toml").write_text('modle = "anthropic/x"\n')
    with Terminal([KOI], workspace) as terminal:
        assert terminal.exit_code() == 2
        assert is_clean(terminal)
        assert "Did you mean model?" in terminal.text
        assert terminal.raw.rpartition(b"\x1b[?1049l")[2].find(b"modle: unknown key") > 0


def test_ctrl_z_gives_the_terminal_to_the_shell_until_fg(workspace: Path) -> None:
    with Terminal(["sh", "-i"], workspace) as terminal:
        terminal.send(f"{KOI} --demo\r")
        terminal.wait_for(READY)
        terminal.send("a draft" + CTRL_Z)
        terminal.wait_for("Stopped")
        terminal.send("echo $((40 + 2))\r")
        terminal.wait_for("42")
        terminal.send("fg\r")
        terminal.wait_for(lambda: 1049 in terminal.modes_left_on)
        terminal.wait_for("a draft")
        terminal.send(CTRL_Q)
        # What is typed before the line is as it was is thrown away.
        terminal.wait_for(lambda: terminal.attributes == terminal.attributes_before)
        assert not terminal.modes_left_on
        terminal.send("exit\r")
        assert terminal.exit_code() == 0
