"""Real servers on free ports, started for a test session and stopped after it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PERSONS_ENVIRONMENT, shared_folder


class Peer:
    """A server that is not ours."""

    def __init__(self, name: str, **environment: str) -> None:
        folder = shared_folder("KOI_PEERS", "real servers")
        self._script = folder / name / "peer.sh"
        default = str(Path(PERSONS_ENVIRONMENT["HOME"]) / ".cache/koi-peers")
        self._environment = {"PEERS_HOME": default} | PERSONS_ENVIRONMENT | environment
        self.url = ""

    def start(self) -> None:
        """Install what is missing, then listen on a free port."""
        self._call("install")
        said = self._call("start", "--port", "0")
        found = re.search(r"http://[\d.]+:\d+", said)
        assert found, said
        self.url = found[0]

    def stop(self) -> None:
        """End it."""
        self._call("stop", "--port", self.url.rpartition(":")[2])

    def add_fixtures(self, *fixtures: dict[str, object]) -> None:
        """Teach aimock more answers; they come after those that it has."""
        body = json.dumps({"fixtures": fixtures}).encode()
        request = urllib.request.Request(f"{self.url}/__aimock/fixtures", body)
        request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request, timeout=10):
            pass

    def _call(self, *arguments: str) -> str:
        done = subprocess.run(
            ["bash", str(self._script), *arguments],
            env=self._environment | {"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def aimock() -> Iterator[Peer]:
    """One server that speaks many wire formats, with scripted answers."""
    peer = Peer("aimock")
    peer.start()
    yield peer
    peer.stop()


@pytest.fixture(scope="session")
def bedrock(aimock: Peer) -> Iterator[Peer]:
    """A gate that checks the signatures of AWS, with aimock behind it."""
    peer = Peer("bedrock", AIMOCK_URL=aimock.url)
    peer.start()
    yield peer
    peer.stop()
