"""The chat is painted and takes keys while credentials are still looked for, whatever hangs.

The order is proved by events: what hangs is let go only after the keys are on the screen.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from textual.pilot import Pilot

from koi.agent.options import SessionOptions
from koi.config.paths import find_paths
from koi.credentials import discovery
from koi.credentials.sources import local
from koi.credentials.stores import keyring_store
from koi.credentials.stores.keyring_names import add_name
from koi.tui.app import KoiApp
from koi.wiring.registry import open_registry
from tests.credentials.keyrings import Memory, keyring_with
from tests.tui.koi_app import until

LONG_S = 120.0
GIBIBYTE = 2**30


class SilentServer:
    """Accepts connections and says nothing until it is let go."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.asked = threading.Event()
        self.release = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = self._socket.accept()
                with connection:
                    self.asked.set()
                    self.release.wait(LONG_S)

    def close(self) -> None:
        """Let it go, also when nobody came."""
        self.release.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()


class SilentKeyring(Memory):
    """Shows its dialog to nobody until it is let go."""

    def __init__(self) -> None:
        super().__init__({("koi", "openai"): "sk-key-of-the-keyring-0123"})
        self.begun = threading.Event()
        self.release = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.begun.set()
        self.release.wait(LONG_S)
        return super().get_password(service, username)


class Hindrances:
    """What hangs in a test: events that it began, and how to let it go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.stack = ExitStack()
        self.begun: list[threading.Event] = []
        self.released: list[threading.Event] = []

    def ollama(self) -> None:
        server = SilentServer()
        self.stack.callback(server.close)
        self._monkeypatch.setenv("OLLAMA_HOST", server.address)
        self.begun.append(server.asked)
        self.released.append(server.release)

    def keyring(self) -> None:
        back_end = SilentKeyring()
        self.stack.callback(back_end.release.set)
        store = keyring_with(back_end, limit_s=LONG_S)
        self._monkeypatch.setattr(keyring_store, "_the_keyring", store)
        add_name(find_paths().keys, "openai")
        self.begun.append(back_end.begun)
        self.released.append(back_end.release)

    def files(self) -> None:
        for name in (".claude/.credentials.json", ".codex/auth.json", ".qwen/oauth_creds.json"):
            path = Path.home() / name
            path.parent.mkdir()
            with path.open("wb") as file:
                file.truncate(GIBIBYTE)
            path.chmod(0o600)


@pytest.fixture
def hindrances(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hindrances]:
    """No limit of time ends the search in these tests."""
    monkeypatch.setattr(discovery, "BUDGET_S", LONG_S)
    monkeypatch.setattr(local, "OLLAMA_S", LONG_S)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    found = Hindrances(monkeypatch)
    with found.stack:
        yield found


@pytest.mark.parametrize(
    "hinder",
    [
        (Hindrances.ollama,),
        (Hindrances.keyring,),
        (Hindrances.ollama, Hindrances.files),
        (Hindrances.keyring, Hindrances.files),
        (Hindrances.ollama, Hindrances.keyring, Hindrances.files),
    ],
    ids=["Ollama", "keyring", "Ollama and huge files", "keyring and huge files", "all together"],
)
async def test_keys_are_taken_before_the_search_is_over(
    workspace: Path,
    hindrances: Hindrances,
    hinder: tuple[Callable[[Hindrances], None], ...],
) -> None:
    for each in hinder:
        each(hindrances)
    app = KoiApp(SessionOptions(workspace=workspace))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(app, lambda: any(begun.is_set() for begun in hindrances.begun))
        await _type(app, pilot, "still here")
        assert app.host.session is None
        for release in hindrances.released:
            release.set()
        await until(app, lambda: app.host.session is not None or len(app.screen_stack) > 1)
        app.exit()
    await app.host.close()


async def test_huge_files_are_not_read(
    workspace: Path, hindrances: Hindrances, monkeypatch: pytest.MonkeyPatch
) -> None:
    hindrances.files()
    app = KoiApp(SessionOptions(workspace=workspace))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(app, lambda: len(app.screen_stack) > 1)
        await pilot.pause()
        app.exit()
    found = await discovery.discover(open_registry())
    details = [each.detail for some in found.findings.values() for each in some]
    assert sum("larger than 1 MiB" in detail for detail in details) == 3


async def _type(app: KoiApp, pilot: Pilot[int], text: str) -> None:
    await pilot.press(*(("space" if key == " " else key) for key in text))
    await until(app, text)
