"""What every test gets: no network, a home of its own, a pinned environment; shared fixtures."""

from __future__ import annotations

import logging
import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import settings

from koi.routing.backoff import PROCESS_TOKENS
from koi.store.log import OTHERS
from tests.fuzzing import (
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_pyfunc_call,
)
from tests.servers.model_server import ModelServer
from tests.starter import Starter

__all__ = [
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_pyfunc_call",
]

TESTS = Path(__file__).parent
GUARD = TESTS / "network_guard"
runpy.run_path(str(GUARD / "sitecustomize.py"))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that runs the tests in the background ignores SIGINT, and what bash ignored when it
    # began it cannot trap.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Few examples each time, and others each time: make fuzz is there for many.
settings.register_profile("koi", deadline=None, max_examples=40, derandomize="CI" in os.environ)
settings.load_profile("koi")

PERSONS_ENVIRONMENT = dict(os.environ)
KEPT = {"PATH", "TMPDIR", "LD_LIBRARY_PATH", "PEERS_HOME", "TEXTUAL_SNAPSHOT_TEMPDIR"}
KEPT_PREFIXES = ("PYTEST_", "PYTHON", "HYPOTHESIS_")
PINNED = {
    "TZ": "UTC",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "PYTHONPATH": str(GUARD),
    "GIT_CONFIG_NOSYSTEM": "1",
    "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    "KOI_DEMO_PACE": "0",
}


@pytest.fixture(autouse=True)
def koi_home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """KOI_HOME of this test. Keys, KOI_*, proxies and the person's home are out of reach."""
    for name in list(os.environ):
        if name not in KEPT and not name.startswith(KEPT_PREFIXES):
            monkeypatch.delenv(name)
    for name, value in PINNED.items():
        monkeypatch.setenv(name, value)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("KOI_HOME", str(home / "koi"))
    # What one test called a secret is an ordinary word in the next.
    monkeypatch.setattr("koi.core.secret._known", {})
    time.tzset()
    yield home / "koi"
    monkeypatch.undo()
    time.tzset()
    _stop_log()


def _stop_log() -> None:
    """A command that ran in this process may have opened koi's log."""
    from koi.store.log import OTHERS

    for name in ("koi", *OTHERS):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
        logger.setLevel(logging.NOTSET)


@pytest.fixture(autouse=True)
def all_retries_left() -> None:
    """The retries of other tests are not taken from this one's."""
    PROCESS_TOKENS.fill()


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """No test's log goes to the file of an earlier one, out of sight of `caplog`."""
    loggers = [logging.getLogger(name) for name in ("koi", *OTHERS)]
    before = [(logger, logger.handlers, logger.propagate, logger.level) for logger in loggers]
    yield
    for logger, handlers, propagate, level in before:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty folder to work in, resolved."""
    folder = (tmp_path / "workspace").resolve()
    folder.mkdir()
    return folder


@pytest.fixture
def model_server() -> Iterator[ModelServer]:
    """A scripted model on loopback; see tests/servers/answers.py for its answers."""
    with ModelServer() as server:
        yield server


class RunKoi(Protocol):
    """Runs `koi ARGUMENTS` in a child process."""

    def __call__(
        self,
        *arguments: str,
        cwd: Path | None = None,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
        timeout_s: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Exit code, stdout and stderr; `environment` comes on top of the test's own."""
        ...


@pytest.fixture(scope="session")
def starter() -> Iterator[Starter]:
    """Starts koi quickly; see tests/starter.py."""
    names = [name for name in os.environ if name in KEPT or name.startswith(KEPT_PREFIXES)]
    starter = Starter({name: os.environ[name] for name in names} | PINNED)
    yield starter
    starter.close()


@pytest.fixture
def run_koi(workspace: Path, starter: Starter) -> RunKoi:
    """The real command, in the test's workspace unless told otherwise."""

    def run(
        *arguments: str,
        cwd: Path | None = None,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
        timeout_s: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        variables = os.environ | dict(environment or {})
        folder = cwd or workspace
        if starter.can_start(variables):
            return starter.run(
                arguments, cwd=folder, stdin=stdin, environment=variables, timeout_s=timeout_s
            )
        return subprocess.run(
            [str(Path(sys.executable).with_name("koi")), *arguments],
            cwd=folder,
            input=stdin,
            env=variables,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def persons_environment() -> dict[str, str]:
    """The environment that the tests were started in, for what must be installed."""
    return dict(PERSONS_ENVIRONMENT)


@pytest.fixture(scope="session")
def wire_folder() -> Path:
    """Recorded provider traffic with oracles."""
    return shared_folder("KOI_WIRE", "recorded provider traffic")


@pytest.fixture
def peers_folder(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Real servers and clients, installed under the person's own cache folder."""
    folder = shared_folder("KOI_PEERS", "real servers")
    if "PEERS_HOME" not in os.environ:
        monkeypatch.setenv(
            "PEERS_HOME", str(Path(PERSONS_ENVIRONMENT["HOME"]) / ".cache/koi-peers")
        )
    return folder


def shared_folder(variable: str, what: str) -> Path:
    """The folder that a variable names; the test is skipped when it names none."""
    named = PERSONS_ENVIRONMENT.get(variable)
    if not named:
        pytest.skip(f"{variable} names no folder with {what}")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"{variable} names {named}, which is no folder")
    return folder
