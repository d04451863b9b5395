"""What the doctor says of a terminal, from what is known about it."""

from __future__ import annotations

import os
import pty
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest

from koi.cli.doctor import terminal as terminal_module
from koi.cli.doctor.report import Check, Section
from koi.cli.doctor.terminal import Facts, clipboard, look, terminal

GOOD = Facts(
    {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
    reads_terminal=True,
    writes_terminal=True,
    encoding="utf-8",
    size=(120, 40),
    synchronized=True,
)


def with_variables(**variables: str) -> Facts:
    return msgspec.structs.replace(GOOD, environment={**GOOD.environment, **variables})


def marks(section: Section) -> set[str]:
    return {check.mark for check in section.checks}


def the(mark: str, section: Section) -> Check:
    (found,) = [check for check in section.checks if check.mark == mark]
    return found


def test_a_good_terminal_has_nothing_to_note() -> None:
    assert marks(terminal(GOOD)) == {"ok"}


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        (msgspec.structs.replace(GOOD, reads_terminal=False), "standard input is no terminal"),
        (msgspec.structs.replace(GOOD, size=(70, 20)), "70 x 20 is small"),
        (msgspec.structs.replace(GOOD, size=(0, 0)), "its size is not known"),
        (msgspec.structs.replace(GOOD, synchronized=False), "no synchronized output"),
        (with_variables(COLORTERM=""), "256 colours"),
        (with_variables(NO_COLOR="1"), "NO_COLOR is set"),
        (with_variables(TMUX="/tmp/tmux-0/default,1,0"), "inside tmux"),
        (with_variables(STY="1.pts"), "inside screen"),
        (with_variables(SSH_CONNECTION="1.2.3.4 5 6.7.8.9 22"), "over SSH"),
        (with_variables(TERM="dumb"), "plain lines"),
    ],
)
def test_what_is_good_to_know_is_a_note(facts: Facts, text: str) -> None:
    assert text in the("note", terminal(facts)).text


@pytest.mark.parametrize(
    ("facts", "hint"),
    [
        (with_variables(TERM=""), "export TERM=xterm-256color"),
        (msgspec.structs.replace(GOOD, encoding="ascii"), "export LANG=C.UTF-8"),
    ],
)
def test_what_must_be_mended_is_a_problem_with_the_way(facts: Facts, hint: str) -> None:
    assert the("problem", terminal(facts)).hint == hint


def test_the_tool_that_copies_is_named() -> None:
    facts = msgspec.structs.replace(GOOD, copy_tool="/usr/bin/wl-copy")
    assert clipboard(facts).checks == (Check("ok", "copied with /usr/bin/wl-copy"),)


def test_in_tmux_the_way_through_is_told() -> None:
    _, passing = clipboard(with_variables(TMUX="/tmp/x,1,0")).checks
    assert "allow-passthrough on" in passing.hint


@contextmanager
def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """A terminal that this process reads and writes: its own end, and ours."""
    own, theirs = pty.openpty()
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdin", _End(theirs))
        patch.setattr("sys.stdout", _End(theirs))
        yield own, theirs
    os.close(own)
    os.close(theirs)


class _End:
    encoding = "utf-8"

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor


@pytest.mark.parametrize(
    ("answer", "synchronized"),
    [
        (b"\x1b[?2026;2$y\x1b[?62;c", True),
        (b"\x1b[?2026;0$y\x1b[?62;c", False),
        (b"\x1b[?1;2c", False),
    ],
)
def test_the_terminal_is_asked_and_left_as_it_was(
    monkeypatch: pytest.MonkeyPatch, answer: bytes, synchronized: bool
) -> None:
    monkeypatch.setattr(terminal_module, "_PATIENCE_S", 20.0)
    with on_a_terminal(monkeypatch) as (own, theirs):
        before = termios.tcgetattr(theirs)

        def reply() -> None:
            asked = b""
            while not asked.endswith(b"\x1b[c"):
                asked += os.read(own, 64)
            os.write(own, answer)

        thread = threading.Thread(target=reply, daemon=True)
        thread.start()
        facts = look()
        thread.join(10)
        assert facts.synchronized is synchronized
        assert termios.tcgetattr(theirs) == before


def test_a_terminal_that_does_not_answer_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal_module, "_PATIENCE_S", 0.05)
    with on_a_terminal(monkeypatch):
        assert look().synchronized is None
