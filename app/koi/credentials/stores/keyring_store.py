"""The OS keyring: asked late, in a daemon thread, for a limited time, and never trusted blindly.

Back ends may hang on a dialog that nobody sees, raise whatever they like, drop a key without a
word, or keep it in the clear. One failure ends its use in this process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from koi.core.secret import Secret, without_secrets
from koi.credentials.aside import start
from koi.credentials.stores.back_end import BackEnd, KeyringFailure, named, open_back_end

SERVICE = "koi"
"""What koi's entries are filed under: `keyring set koi openai` puts one there by hand."""
LIMIT_S = 3.0
"""Seconds for one question to the keyring, its import included."""
LONGEST = 160
"""Characters of what a back end says about its failure."""
LOCKED = ("KeyringLocked", "InitError")
"""What back ends raise when nobody unlocked them; named, for their package is imported late."""
_Made = TypeVar("_Made")


class KeyringStore:
    """Keys by service and account. Each answer is remembered: the person is asked once."""

    def __init__(
        self, open_it: Callable[[], BackEnd] = open_back_end, limit_s: float = LIMIT_S
    ) -> None:
        self._open_it = open_it
        self._limit_s = limit_s
        self._back_end: BackEnd | None = None
        self._known: dict[tuple[str, str], Secret | None] = {}
        self._failure = ""
        self._turn = threading.Lock()

    @property
    def failure(self) -> str:
        """Why it is not used any more in this process, "" while it is."""
        return self._failure

    @property
    def name(self) -> str:
        """Which keyring it is, once it was asked."""
        return "" if self._back_end is None else named(self._back_end)

    def known(self, account: str) -> Secret | None:
        """What was learnt before, without asking."""
        return self._known.get((SERVICE, account))

    def asked(self, account: str) -> bool:
        """True when `known` is what the keyring said, be it that there is none."""
        return (SERVICE, account) in self._known

    def forget(self, account: str, service: str) -> None:
        """Ask again the next time: somebody else changes this entry."""
        self._known.pop((service, account), None)

    def get(self, account: str, service: str = SERVICE) -> Secret | None:
        """The key, None when there is none. Raises KeyringFailure."""
        return self.get_all((account,), service)[account]

    def get_all(self, accounts: Iterable[str], service: str = SERVICE) -> dict[str, Secret | None]:
        """Several keys at once, within the time of one. Raises KeyringFailure."""
        accounts = tuple(accounts)
        with self._turn:
            missing = [name for name in accounts if (service, name) not in self._known]
            if missing:
                read = self._do(lambda end: [end.get_password(service, name) for name in missing])
                for name, value in zip(missing, read, strict=True):
                    kept = value.strip() if value else ""
                    self._known[service, name] = Secret(kept) if kept else None
            return {name: self._known[service, name] for name in accounts}

    def put(self, account: str, secret: Secret) -> None:
        """Keep a key, and look whether it is really there. Raises KeyringFailure."""

        def put(end: BackEnd) -> bool:
            end.set_password(SERVICE, account, secret.reveal())
            return end.get_password(SERVICE, account) == secret.reveal()

        with self._turn:
            if not self._do(put, secret):
                self._failure = f"{self.name} did not keep it"
                raise KeyringFailure(self._failure)
            self._known[SERVICE, account] = secret

    def remove(self, account: str) -> bool:
        """Remove a key. False when there was none. Raises KeyringFailure."""

        def remove(end: BackEnd) -> bool:
            if end.get_password(SERVICE, account) is None:
                return False
            end.delete_password(SERVICE, account)
            return True

        with self._turn:
            removed = self._do(remove)
            self._known[SERVICE, account] = None
            return removed

    def _do(self, step: Callable[[BackEnd], _Made], secret: Secret | None = None) -> _Made:
        if self._failure:
            raise KeyringFailure(self._failure)

        def work() -> _Made:
            if self._back_end is None:
                self._back_end = self._open_it()
            return step(self._back_end)

        future = start("keyring", work)
        try:
            error = future.exception(self._limit_s)
        except TimeoutError:
            self._failure = f"the OS keyring did not answer within {self._limit_s:g} s"
            raise KeyringFailure(self._failure) from None
        if error is None:
            return future.result()
        self._failure = _in_words(error, secret)
        raise KeyringFailure(self._failure)


def _in_words(error: BaseException, secret: Secret | None) -> str:
    """What a back end raised, on one line and without the key."""
    if isinstance(error, KeyringFailure):
        return str(error)
    text = " ".join(str(error).split())
    if secret is not None:
        text = without_secrets(text, (secret,))
    kind = type(error).__name__
    if kind in LOCKED:
        return "the OS keyring is locked"
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return f"the OS keyring failed ({kind}: {text})" if text else f"the OS keyring failed ({kind})"


_the_keyring = KeyringStore()


def os_keyring() -> KeyringStore:
    """The keyring of this process."""
    return _the_keyring
