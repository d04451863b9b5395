"""Several koi processes with one login, whose refresh tokens work once."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from koi.core.secret import Secret
from koi.credentials.stores.auth_file import AuthFile
from koi.credentials.stores.token_record import TokenRecord
from tests.configurations import paths_in
from tests.servers.model_server import ModelServer
from tests.servers.oauth_server import Rotating

CHILD = Path(__file__).with_name("rotating_child.py")


class Kois:
    """Processes that ask a model until they are told to stop."""

    def __init__(self, folder: Path, server: Rotating) -> None:
        self.folder = folder
        self.until = folder / "stop"
        (folder / "config.toml").write_text(server.configuration)
        self.store = AuthFile(paths_in(folder).auth_file)
        ended = TokenRecord(Secret(server.access), Secret(server.refresh), time.time() - 1)
        self.store.put("qwen-code", ended)

    def start(self) -> subprocess.Popen[str]:
        """One more."""
        return subprocess.Popen(
            [sys.executable, str(CHILD), str(self.folder), str(self.until)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def stop(self, *processes: subprocess.Popen[str]) -> None:
        """End them; each must have been answered, and never refused."""
        self.until.touch()
        for process in processes:
            answers, errors = process.communicate(timeout=30)
            assert process.returncode == 0, errors
            assert "answered" in answers


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.01)


@pytest.fixture
def server(model_server: ModelServer) -> Rotating:
    return Rotating(model_server, lasts_s=0.5)


def test_each_end_of_a_token_is_one_refresh_and_nobody_is_logged_out(
    server: Rotating, tmp_path: Path
) -> None:
    kois = Kois(tmp_path, server)
    processes = [kois.start() for _ in range(3)]
    wait_for(lambda: server.number >= 3)
    kois.stop(*processes)
    assert not server.revoked
    assert server.early == 0
    assert len(server.refreshes) == server.number
    assert kois.store.get("qwen-code") is not None


def test_a_koi_that_is_killed_while_it_renews_lets_the_others_go_on(
    server: Rotating, tmp_path: Path
) -> None:
    kois = Kois(tmp_path, server)
    server.hold.clear()
    killed = kois.start()
    wait_for(server.arrived.is_set)
    other = kois.start()
    killed.kill()
    killed.communicate()
    server.forget()
    wait_for(lambda: server.number >= 1)
    kois.stop(other)
    assert not server.revoked
