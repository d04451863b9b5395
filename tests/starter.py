"""Starts `koi` in processes of their own without waiting for Python and its imports each time.

Run as a program, it has imported koi once, and becomes a `koi` by a fork for each request; what
koi does from its first line on is the same. A run whose environment changes Python itself (its
path, its encoding) is started in full, and so is whatever a test starts with `subprocess`.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

NEEDED_LATER = ("httpx", "truststore", "genai_prices", "tomlkit", "yaml", "pygments.lexers")
OF_PYTHON = ("PYTHON", "LANG", "LC_")
"""Beginnings of variables that Python reads when it starts."""
OF_OTHERS = ("PYTHON_KEYRING",)
"""What begins the same and is read later."""
LARGEST_REQUEST = 200_000


class Starter:
    """The other end of that program."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = of_python(environment)
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", __file__, str(theirs.fileno())],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )

    def can_start(self, environment: Mapping[str, str]) -> bool:
        """False when it takes a Python that is started anew."""
        return of_python(environment) == self._environment

    def run(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        stdin: str,
        environment: Mapping[str, str],
        timeout_s: float,
    ) -> subprocess.CompletedProcess[str]:
        """Run `koi ARGUMENTS` to its end. Raises TimeoutExpired; then it was killed."""
        request = json.dumps([list(arguments), str(cwd), dict(environment)]).encode()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            reading, writing = os.pipe()
            told, telling = os.pipe()
            handed = [reading, out.fileno(), err.fileno(), telling]
            socket.send_fds(self._socket, [request], handed)
            os.close(reading)
            os.close(telling)
            threading.Thread(target=_write, args=(writing, stdin.encode()), daemon=True).start()
            with os.fdopen(told) as reports:
                pid = int(reports.readline())
                killer = threading.Timer(timeout_s, os.kill, (pid, signal.SIGKILL))
                killer.start()
                code = int(reports.readline())
                late = not killer.is_alive()
                killer.cancel()
            texts = [_text(file.fileno()) for file in (out, err)]
        if late:
            raise subprocess.TimeoutExpired(["koi", *arguments], timeout_s, *texts)
        return subprocess.CompletedProcess(["koi", *arguments], code, *texts)

    def close(self) -> None:
        """End the program."""
        self._socket.close()
        self._process.wait()


def of_python(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that Python itself reads."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(OF_PYTHON) and not name.startswith(OF_OTHERS)
    }


def _write(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        try:
            file.write(data)
            file.flush()
        except BrokenPipeError:
            return


def _text(descriptor: int) -> str:
    data = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    return data.decode().replace("\r\n", "\n")


def _import_all() -> None:
    import koi

    for module in pkgutil.walk_packages(koi.__path__, "koi."):
        if not module.name.startswith("koi.tui"):
            importlib.import_module(module.name)
    for name in NEEDED_LATER:
        importlib.import_module(name)


def _serve(requests: socket.socket) -> list[str]:
    """Fork for each request; returns in the forked process, with the arguments of its koi."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the watchers
    while True:
        request, descriptors, _, _ = socket.recv_fds(requests, LARGEST_REQUEST, 4)
        if not request:
            raise SystemExit(0)
        if os.fork() == 0:
            break
        for descriptor in descriptors:
            os.close(descriptor)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid:
        _watch(pid, descriptors)
    for number, descriptor in enumerate(descriptors[:3]):
        os.dup2(descriptor, number)
    os.closerange(3, 64)
    arguments, folder, environment = json.loads(request)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["koi", *arguments]
    return sys.argv[1:]


def _watch(pid: int, descriptors: Sequence[int]) -> None:
    """Tell the process and later its exit code, as `subprocess` counts."""
    os.write(descriptors[3], f"{pid}\n".encode())
    for descriptor in descriptors[:3]:
        os.close(descriptor)
    _, status = os.waitpid(pid, 0)
    os.write(descriptors[3], f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


if __name__ == "__main__":
    _import_all()
    gc.freeze()  # what is shared stays shared
    given = _serve(socket.socket(fileno=int(sys.argv[1])))
    from koi.cli.main import main

    main(given)
