"""What may hang or be huge where koi looks for credentials, for the start that is measured."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

GIBIBYTE = 2**30
_FILES = (".claude/.credentials.json", ".codex/auth.json", ".qwen/oauth_creds.json")
_BACK_END = """
import time
from keyring.backend import KeyringBackend

class Silent(KeyringBackend):
    priority = 9

    def get_password(self, service, username):
        time.sleep(3600)

    set_password = delete_password = get_password
"""


@contextlib.contextmanager
def dead_ollama() -> Iterator[dict[str, str]]:
    """Variables that name a server which accepts and never answers."""
    held: list[socket.socket] = []

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                held.append(listener.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept)
        thread.start()
        yield {"OLLAMA_HOST": f"127.0.0.1:{listener.getsockname()[1]}"}
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    for each in held:
        each.close()


def hanging_keyring(home: Path) -> dict[str, str]:
    """Variables that name a keyring which never answers; koi believes that it has a key there."""
    modules = home / "modules"
    modules.mkdir()
    (modules / "silent_keyring.py").write_text(_BACK_END, encoding="utf-8")
    keys = home / "koi" / "data" / "keys"
    keys.mkdir(parents=True)
    (keys / "keyring.json").write_text('{"names": ["openai"]}', encoding="utf-8")
    return {"PYTHON_KEYRING_BACKEND": "silent_keyring.Silent", "PYTHONPATH": str(modules)}


def huge_files(home: Path) -> dict[str, str]:
    """Credential files of other programs, each of a gibibyte that takes no room."""
    for name in _FILES:
        path = home / name
        path.parent.mkdir()
        with path.open("wb") as file:
            file.truncate(GIBIBYTE)
        path.chmod(0o600)
    return {}
