"""One command from its start until nothing of it is left: blocking code for a thread of its own."""

from __future__ import annotations

import fcntl
import os
import secrets
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeAlias

from koi.core.errors import ToolFailure
from koi.files.ring import OutputRing
from koi.files.umask import user_umask
from koi.safety import survivors
from koi.safety.environment import child_environment
from koi.safety.live_output import LiveOutput

End: TypeAlias = Literal["exited", "timeout", "runaway", "cancelled"]

_READ_BYTES = 1024 * 1024
_ESCALATION = ((signal.SIGINT, 2.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 2.0))
_SETTLE_S = 0.1
_CHILD_GRACE_S = 0.5
_LAST_READS = 64


class Supervision:
    """Runs `argv` once with `follow()`. `stop()` and `kill()` may be called from any thread."""

    def __init__(
        self,
        argv: Sequence[str],
        cwd: Path,
        timeout_s: float,
        ring: OutputRing,
        show: Callable[[str], None],
        output_limit: int,
    ) -> None:
        self._output_limit = output_limit
        self._argv = argv
        self._cwd = cwd
        self._timeout_s = timeout_s
        self._ring = ring
        self._live = LiveOutput(show)
        self._marker = secrets.token_hex(8)
        self._stopped = threading.Event()
        self._wake, self._waker = socket.socketpair()
        self._process: subprocess.Popen[bytes] | None = None
        self._selector = selectors.DefaultSelector()
        self._open = False
        self.end: End = "exited"
        self.exit_code: int | None = None
        self.ended_children = 0
        """Background processes that were still there when the command itself had ended."""

    def stop(self) -> None:
        """Interrupt the command: SIGINT at once, SIGTERM and SIGKILL later. Returns at once."""
        self._stopped.set()
        with suppress(OSError):
            self._waker.send(b"!")

    def kill(self) -> None:
        """SIGKILL everything that belongs to the command, now."""
        self.stop()
        if self._process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        survivors.send(survivors.find(self._process.pid, self._marker), signal.SIGKILL)

    def follow(self) -> None:
        """Start the command and return when it and all its children have ended.

        Raises ToolFailure when it cannot be started.
        """
        try:
            process = self._start()
            assert process.stdout is not None
            with process.stdout:
                self._supervise(process, process.stdout.fileno())
                self._sweep(process.pid, process.stdout.fileno())
                self._read(process.stdout.fileno(), _LAST_READS)
            self.exit_code = process.poll()
        finally:
            self._selector.close()
            self._wake.close()
            self._waker.close()
            self._ring.close()
        if not self._stopped.is_set():
            self._live.flush(final=True)

    def _start(self) -> subprocess.Popen[bytes]:
        environment = child_environment(os.environ) | {survivors.MARKER: self._marker}
        try:
            process = subprocess.Popen(
                self._argv,
                cwd=self._cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
                start_new_session=True,
                umask=user_umask(),
            )
        except OSError as error:
            raise ToolFailure(
                f"The command could not be started in {self._cwd}: {error.strerror}."
            ) from error
        self._process = process
        assert process.stdout is not None
        pipe = process.stdout.fileno()
        os.set_blocking(pipe, False)
        if sys.platform == "linux":
            with suppress(OSError):
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _READ_BYTES)
        self._selector.register(pipe, selectors.EVENT_READ)
        self._open = True
        return process

    def _supervise(self, process: subprocess.Popen[bytes], pipe: int) -> None:
        exit_notice = os.pidfd_open(process.pid) if sys.platform == "linux" else None
        if exit_notice is not None:
            self._selector.register(exit_notice, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)
        deadline = time.monotonic() + self._timeout_s
        steps = iter(_ESCALATION)
        try:
            while process.poll() is None:
                now = time.monotonic()
                if self.end == "exited":
                    self.end = self._reason(now, deadline)
                    if self.end != "exited":
                        deadline = now
                        steps = iter(_ESCALATION[-1:] if self.end == "runaway" else _ESCALATION)
                if self.end != "exited" and now >= deadline:
                    step = next(steps, None)
                    if step is None:
                        return
                    with suppress(ProcessLookupError, PermissionError):
                        os.killpg(process.pid, step[0])
                    deadline = now + step[1]
                self._wait(deadline - now, pipe, polls=exit_notice is None)
        finally:
            if exit_notice is not None:
                self._selector.unregister(exit_notice)
                os.close(exit_notice)
            self._selector.unregister(self._wake)

    def _reason(self, now: float, deadline: float) -> End:
        if self._stopped.is_set():
            return "cancelled"
        if now >= deadline:
            return "timeout"
        return "runaway" if self._ring.total_bytes > self._output_limit else "exited"

    def _wait(self, timeout_s: float, pipe: int, *, polls: bool) -> None:
        waits = [timeout_s, self._live.wait_s(), 0.05 if polls else None]
        timeout = max(0.0, min(wait for wait in waits if wait is not None))
        for key, _ in self._selector.select(timeout):
            if key.fd == pipe:
                self._read(pipe, 1)
            elif key.fileobj is self._wake:
                self._wake.recv(64)
        if not self._stopped.is_set():
            self._live.flush()

    def _read(self, pipe: int, times: int) -> None:
        """Take at most `times` reads from the pipe, without waiting for more."""
        while self._open and times > 0:
            times -= 1
            try:
                data = os.read(pipe, _READ_BYTES)
            except BlockingIOError:
                return
            if not data:
                self._selector.unregister(pipe)
                self._open = False
                return
            self._ring.write(data)
            if not self._stopped.is_set():
                self._live.add(data)

    def _sweep(self, group: int, pipe: int) -> None:
        """End what the command left behind; a last write of a helper process may still finish."""
        if self.end == "exited" and not self._wait_for_children(group, pipe, _SETTLE_S):
            return
        left = survivors.find(group, self._marker)
        self.ended_children = len(left)
        if not left:
            return
        survivors.send(left, signal.SIGTERM)
        left = self._wait_for_children(group, pipe, _CHILD_GRACE_S)
        until = time.monotonic() + 2.0
        while left and time.monotonic() < until:
            survivors.send(left, signal.SIGKILL)
            left = self._wait_for_children(group, pipe, 0.02)

    def _wait_for_children(self, group: int, pipe: int, seconds: float) -> frozenset[int]:
        until = time.monotonic() + seconds
        left = survivors.find(group, self._marker)
        while left and time.monotonic() < until:
            time.sleep(0.01)
            self._read(pipe, 8)
            left = survivors.find(group, self._marker)
        return left
