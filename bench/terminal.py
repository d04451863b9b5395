"""A program in a pseudo-terminal, with the time of everything that it paints."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import pyte

ROWS, COLUMNS = 40, 120
ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)"
    rb"|[PX^_][^\x1b]*\x1b\\|[()][0-9A-B]|[=>78c])"
)
UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<=>?][0-9;:]*[a-gi-km-zA-Z$]|\x1b\[[0-9;]*\$[a-z]")


class Terminal:
    """Runs a command; `read` takes in what it paints. Times are seconds since the start."""

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.painted = bytearray()
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._fed = 0
        self.started_at = time.monotonic()
        self.pid, self._file = pty.fork()
        if self.pid == 0:
            _become(command, folder, environment)
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        os.kill(self.pid, signal.SIGTERM)
        end = time.monotonic() + 5
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            self.read(0.05)
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
        os.close(self._file)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._file, keys.encode())

    def read(self, seconds: float) -> bytes:
        """What is painted within so many seconds; returns with the first of it."""
        if not select.select([self._file], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self._file, 65536)
        except OSError:
            return b""
        self.painted += data
        return data

    def until(self, seen: Callable[[bytearray], bool], seconds: float = 20.0) -> float:
        """When `seen(painted)` came true. Raises TimeoutError with what is on the screen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.read(0.05) and seen(self.painted):
                return time.monotonic() - self.started_at
        raise TimeoutError(f"not painted within {seconds:g} s; the screen:\n{self.screen()}")

    def drain(self, seconds: float) -> None:
        """Take in whatever is painted for so many seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.read(left)

    def screen(self) -> str:
        """The text on the screen now."""
        new = bytes(self.painted[self._fed :])
        self._fed = len(self.painted)
        self._stream.feed(UNKNOWN_TO_PYTE.sub(b"", new))
        return "\n".join(line.rstrip() for line in self._screen.display).strip("\n")

    def cpu_s(self) -> float:
        """Seconds of processor time that the program and its ended children took so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")

    def resident_mib(self) -> float:
        """Memory that the program holds, in MiB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def has_text(painted: bytearray) -> bool:
    """True once ten visible characters have been painted: the first frame."""
    return len(ESCAPES.sub(b"", bytes(painted)).replace(b" ", b"").strip()) >= 10


def shows(text: str) -> Callable[[bytearray], bool]:
    """True once `text` has been painted, in whatever colours."""
    return lambda painted: text.encode() in ESCAPES.sub(b"", bytes(painted))


def _become(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    try:
        os.chdir(folder)
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.execvpe(command[0], list(command), dict(environment))
    except OSError as error:
        os.write(2, f"{command[0]}: {error}\n".encode())
    os._exit(127)
