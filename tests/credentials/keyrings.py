"""Back ends of the OS keyring that behave, and others that do what real ones were seen to do."""

from __future__ import annotations

import threading

from koi.credentials.stores.back_end import BackEnd, trusted
from koi.credentials.stores.keyring_store import KeyringStore


class Memory:
    """Keeps keys in memory, and counts what it is asked."""

    priority = 5.0

    def __init__(self, kept: dict[tuple[str, str], str] | None = None) -> None:
        self.kept = dict(kept or {})
        self.asked: list[tuple[str, str]] = []

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.append((service, username))
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Hanging(Memory):
    """Waits for a dialog that nobody sees, until `release` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.release.wait(30)
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.release.wait(30)


class Raising(Memory):
    """Raises whatever it was given, which is not always what the package documents."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.append((service, username))
        raise self.error

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.error


class Forgetful(Memory):
    """Drops keys without a word."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Plaintext(Memory):
    """A file in the clear that says it is as good as any."""


def keyring_with(back_end: BackEnd, *, limit_s: float = 5.0) -> KeyringStore:
    """A keyring of its own whose back end is this one, judged as a real one is."""

    def opener() -> BackEnd:
        return trusted(back_end)

    return KeyringStore(opener, limit_s)
