"""Real servers on free ports, started once for a test session and stopped after it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PERSONS_ENVIRONMENT, shared_folder
from tests.peers.faces import KEY, OPENROUTER_KEY

INSTALL_S, START_S = 1800, 120


class Peer:
    """A server that is not ours."""

    def __init__(self, name: str, *options: str, **environment: str) -> None:
        folder = shared_folder("KOI_PEERS", "real servers")
        self._name = name
        self._options = options
        self._script = folder / name / "peer.sh"
        default = str(Path(PERSONS_ENVIRONMENT["HOME"]) / ".cache/koi-peers")
        self._environment = {"PEERS_HOME": default} | PERSONS_ENVIRONMENT | environment
        self.url = ""

    def start(self) -> None:
        """Install what is missing, then listen on a free port."""
        installed = self.call("install", timeout_s=INSTALL_S)
        if installed.returncode:
            pytest.skip(f"{self._name} cannot be installed here: {installed.stderr[-300:]}")
        started = self.call("start", "--port", "0", *self._options)
        found = re.search(r"http://[\d.]+:\d+", started.stdout)
        assert started.returncode == 0, started.stdout + started.stderr
        assert found is not None, started.stdout
        self.url = found[0]

    def stop(self) -> None:
        """End it."""
        stopped = self.call("stop", "--port", self.url.rpartition(":")[2])
        assert stopped.returncode == 0, stopped.stderr

    def post(self, path: str, body: object) -> bytes:
        """Its answer to a JSON object. Raises OSError for an answer other than 2xx."""
        request = urllib.request.Request(f"{self.url}{path}", json.dumps(body).encode())
        request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())

    def call(self, *arguments: str, timeout_s: float = START_S) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", str(self._script), *arguments],
            env=self._environment | {"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )


def running(peer: Peer) -> Iterator[Peer]:
    """The peer from start to stop."""
    peer.start()
    yield peer
    peer.stop()


@pytest.fixture(scope="session")
def aimock_answers(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with scripted answers: aimock's own and ours."""
    answers = tmp_path_factory.mktemp("aimock") / "answers"
    shutil.copytree(shared_folder("KOI_PEERS", "real servers") / "aimock/fixtures", answers)
    shutil.copy(Path(__file__).with_name("answers.json"), answers / "99-koi.json")
    return str(answers)


@pytest.fixture(scope="session")
def aimock(aimock_answers: str) -> Iterator[Peer]:
    """One server that speaks many wire formats."""
    yield from running(Peer("aimock", AIMOCK_FIXTURES=aimock_answers))


@pytest.fixture(scope="session")
def guarded_aimock() -> Iterator[Peer]:
    """The same, for those with a key only."""
    yield from running(Peer("aimock", AIMOCK_API_KEYS=f"{KEY},{OPENROUTER_KEY}"))


@pytest.fixture(scope="session")
def bedrock(aimock: Peer) -> Iterator[Peer]:
    """A gate that checks the signatures of AWS, with aimock behind it."""
    yield from running(Peer("bedrock", AIMOCK_URL=aimock.url))


@pytest.fixture(scope="session")
def llamacpp() -> Iterator[Peer]:
    """An inference server whose tiny model calls the tools it is offered at random."""
    yield from running(Peer("llamacpp"))


@pytest.fixture(scope="session")
def litellm(aimock: Peer) -> Iterator[Peer]:
    """A gateway with keys and limits, with aimock behind it."""
    yield from running(Peer("litellm", AIMOCK_URL=aimock.url))
