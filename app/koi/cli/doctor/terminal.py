"""The terminal: what it claims, what it is asked, and how text is copied out of koi."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Mapping

import msgspec

from koi.cli.doctor.report import Check, Section, note, ok, problem

_SMALLEST = (80, 24)
_ASK = b"\x1b[?2026$p\x1b[c"
"""Is synchronized output known? Then, what are you: every terminal answers that."""
_PATIENCE_S = 0.5


class Facts(msgspec.Struct, frozen=True):
    """What is known about the terminal before anything is judged."""

    environment: Mapping[str, str]
    reads_terminal: bool
    writes_terminal: bool
    encoding: str
    size: tuple[int, int] | None = None
    synchronized: bool | None = None
    """None when it could not be asked."""
    copy_tool: str | None = None


def look() -> Facts:
    """The terminal of this process."""
    from koi.tui.clipboard import find_tool

    reads, writes = sys.stdin.isatty(), sys.stdout.isatty()
    tool = find_tool(os.environ)
    return Facts(
        dict(os.environ),
        reads,
        writes,
        sys.stdout.encoding or "",
        os.get_terminal_size(sys.stdout.fileno()) if writes else None,
        _synchronized() if reads and writes else None,
        tool[0] if tool is not None else None,
    )


def terminal(facts: Facts) -> Section:
    """What works on this terminal."""
    checks = [_kind(facts), _size(facts), _encoding(facts), _colours(facts)]
    if facts.synchronized is not None:
        checks.append(
            ok("synchronized output: frames are painted whole")
            if facts.synchronized
            else note("no synchronized output: fast changes may flicker")
        )
    checks += _between(facts)
    return Section("Terminal", tuple(checks))


def clipboard(facts: Facts) -> Section:
    """How koi copies text."""
    variables = facts.environment
    if facts.copy_tool is not None:
        return Section("Clipboard", (ok(f"copied with {facts.copy_tool}"),))
    where = "over SSH" if variables.get("SSH_CONNECTION") else "without a clipboard tool"
    checks = [
        note(
            f"{where}, the terminal is asked to copy (OSC 52)",
            "Some terminals refuse it. Selecting with Shift held works anyway.",
        )
    ]
    if variables.get("TMUX"):
        hint = "In ~/.tmux.conf:\nset -g set-clipboard on\nset -g allow-passthrough on"
        checks.append(note("tmux hands it on only when it is told to", hint))
    return Section("Clipboard", tuple(checks))


def _kind(facts: Facts) -> Check:
    if not (facts.reads_terminal and facts.writes_terminal):
        side = "output" if facts.reads_terminal else "input"
        return note(f"standard {side} is no terminal", "koi run and koi --plain need none.")
    match facts.environment.get("TERM", ""):
        case "":
            return problem("TERM is not set", "export TERM=xterm-256color")
        case "dumb":
            return note("TERM=dumb: koi speaks in plain lines here")
        case kind:
            program = facts.environment.get("TERM_PROGRAM", "")
            return ok(f"TERM={kind}{f', {program}' if program else ''}")


def _size(facts: Facts) -> Check:
    if facts.size is None or 0 in facts.size:
        return note("its size is not known")
    columns, rows = facts.size
    if columns < _SMALLEST[0] or rows < _SMALLEST[1]:
        return note(f"{columns} x {rows} is small", "koi folds its panes below 80 x 24.")
    return ok(f"{columns} x {rows}")


def _encoding(facts: Facts) -> Check:
    if facts.encoding.lower().replace("-", "") in ("utf8", "utf8sig"):
        return ok("UTF-8")
    return problem(f"text is written as {facts.encoding or 'nothing known'}", "export LANG=C.UTF-8")


def _colours(facts: Facts) -> Check:
    variables = facts.environment
    if variables.get("NO_COLOR"):
        return note("NO_COLOR is set: no colours")
    if variables.get("COLORTERM") in ("truecolor", "24bit"):
        return ok("16 million colours")
    hint = "If your terminal has more: export COLORTERM=truecolor"
    if "256color" in variables.get("TERM", ""):
        return note("256 colours", hint)
    return note("16 colours", hint)


def _between(facts: Facts) -> list[Check]:
    """What stands between koi and the terminal."""
    variables = facts.environment
    checks = []
    if variables.get("TMUX"):
        checks.append(note("inside tmux", "For all colours: set -as terminal-features ',*:RGB'"))
    elif variables.get("STY"):
        checks.append(note("inside screen", "It hands on 256 colours and no clipboard."))
    if variables.get("SSH_CONNECTION"):
        checks.append(note("over SSH: logins in a browser want the address copied over"))
    return checks


def _synchronized() -> bool | None:
    """Ask the terminal, and wait a moment for its answer."""
    descriptor = sys.stdin.fileno()
    try:
        before = termios.tcgetattr(descriptor)
    except termios.error:
        return None
    answer = b""
    try:
        tty.setcbreak(descriptor, termios.TCSANOW)
        os.write(sys.stdout.fileno(), _ASK)
        end = time.monotonic() + _PATIENCE_S
        while not answer.rstrip().endswith(b"c") and (left := end - time.monotonic()) > 0:
            if select.select([descriptor], [], [], left)[0]:
                answer += os.read(descriptor, 256)
    except OSError:
        return None
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, before)
    if not answer:
        return None
    return any(f"\x1b[?2026;{state}$y".encode() in answer for state in (1, 2, 3))
