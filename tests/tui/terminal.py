"""A terminal for tests: the real `koi` on a pseudo-terminal, and the screen that it paints."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import pyte

KOI = str(Path(sys.executable).with_name("koi"))
PATIENCE_S = 30.0
"""Waiting longer than this for anything fails the test."""


class Terminal:
    """`with Terminal([KOI, "--demo"], cwd) as terminal:`; the process is ended at the latest then.

    It is the controlling terminal of the process, so closing it hangs up.
    """

    def __init__(
        self, command: Sequence[str], cwd: Path, *, columns: int = 120, rows: int = 36
    ) -> None:
        self.raw = b""
        """Everything that the process wrote."""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        self._set_size(columns, rows)
        self.attributes_before = termios.tcgetattr(slave)
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        self._slave = slave  # kept open: what a process wrote before it ended can still be read

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self.close()

    @property
    def attributes(self) -> list[int | list[bytes | int]]:
        """The settings of the line (echo, line by line, signals) as they are now."""
        return termios.tcgetattr(self._slave)

    @property
    def lines(self) -> list[str]:
        """The rows of the screen, without white space at their ends."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """The screen as text."""
        return "\n".join(self.lines)

    @property
    def modes_left_on(self) -> set[int]:
        """Private modes that were switched on and not off again; a hidden cursor counts as 25."""
        last = dict(re.findall(rb"\x1b\[\?(\d+)([hl])", self.raw))
        on = {int(mode) for mode, switch in last.items() if switch == b"h"}
        normal = {7, 25}  # lines wrap, the cursor shows
        return on ^ (normal & {int(mode) for mode in last})

    def send(self, keys: str | bytes) -> None:
        """Type; bytes as they are."""
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to koi."""
        self._process.send_signal(number)

    def resize(self, columns: int, rows: int) -> None:
        """Another size, as when a window is dragged."""
        self._screen.resize(rows, columns)
        self._set_size(columns, rows)

    def close(self) -> None:
        """Close the window."""
        for descriptor in (self._slave, self._master):
            if descriptor >= 0:
                os.close(descriptor)
        self._slave = self._master = -1

    def wait_for(self, condition: str | Callable[[], bool]) -> None:
        """Read until a text is on the screen, or a condition holds."""
        met = condition if callable(condition) else lambda: condition in self.text
        end = time.monotonic() + PATIENCE_S
        while not met():
            assert time.monotonic() < end, f"never came: {condition}\n{self.text}"
            self.read_for(0.02)

    def read_for(self, seconds: float) -> None:
        """Take what comes in this time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self._master], [], [], left)[0]:
                chunk = os.read(self._master, 65_536)
                self.raw += chunk
                self._stream.feed(chunk)

    def exit_code(self) -> int:
        """Wait for the end. What was written last is on the screen then."""
        if self._master < 0:
            return self._process.wait(PATIENCE_S)
        self.wait_for(lambda: self._process.poll() is not None)
        self.read_for(0.05)
        return self._process.returncode

    def _set_size(self, columns: int, rows: int) -> None:
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)
