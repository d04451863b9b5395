"""Which OS keyring there is, and whether keys may be trusted to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

WORST_PRIORITY = 1.0
"""Below it are back ends that keep nothing (null), raise always (fail) or need no password."""
_NAMES = {
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.libsecret": "Secret Service",
    "keyring.backends.kwallet": "KWallet",
    "keyring.backends.macOS": "macOS Keychain",
    "keyring.backends.Windows": "Windows Credential Manager",
}
_IN_THE_CLEAR = "keyrings.alt."
"""A package of files in the clear, or encrypted ones that ask for a password at the terminal."""


class KeyringFailure(Exception):
    """Why the keyring is not used, in words that are shown."""


class BackEnd(Protocol):
    """What koi needs of a back end of the package `keyring`."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


def open_back_end() -> BackEnd:
    """The keyring of this machine. Slow, and raises what it likes; KeyringFailure for none."""
    import keyring

    return trusted(cast(BackEnd, keyring.get_keyring()))


def trusted(back_end: BackEnd) -> BackEnd:
    """The back end, or of a chain its first part, that keeps keys for this person only.

    Raises KeyringFailure when there is none.
    """
    parts = cast(Sequence[BackEnd], getattr(back_end, "backends", ())) or (back_end,)
    for part in parts:
        if not _objection(part):
            return part
    raise KeyringFailure(_objection(parts[0]))


def named(back_end: BackEnd) -> str:
    """What people call it."""
    kind = type(back_end)
    return _NAMES.get(kind.__module__, kind.__module__.rpartition(".")[2])


def _objection(back_end: BackEnd) -> str:
    kind = type(back_end)
    module = kind.__module__
    if module == "keyring.backends.fail":
        return "no OS keyring was found"
    if module == "keyring.backends.null":
        return "the OS keyring is switched off"
    if module.startswith(_IN_THE_CLEAR) or "plaintext" in kind.__name__.lower():
        return f"{kind.__name__} would not keep it safe"
    if not _priority(back_end) >= WORST_PRIORITY:
        return f"{kind.__name__} is not a keyring to rely on"
    return ""


def _priority(back_end: BackEnd) -> float:
    found = getattr(back_end, "priority", 0)
    return float(found) if isinstance(found, int | float) else 0.0
