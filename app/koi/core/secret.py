"""A secret that cannot be printed by accident."""

from __future__ import annotations

import threading
from collections.abc import Iterable

_SHORTEST = 8
"""Shorter values are no keys, and are found in too many words."""
_REMEMBERED = 512
_known: dict[str, None] = {}
"""Values of the secrets that this process made, the newest last."""
_turn = threading.Lock()


class Secret:
    """A key or token. `repr` and `str` are masked; `reveal()` is the only way to the value."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        _remember(value)

    def reveal(self) -> str:
        """The value itself, for the one header that carries it."""
        return self._value

    @property
    def label(self) -> str:
        """How the secret is named for people: its last four characters, if it has enough."""
        return f"…{self._value[-4:]}" if len(self._value) >= 12 else "…"

    def __repr__(self) -> str:
        return f"Secret({self.label})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret is never pickled or copied into a file")


def known_values() -> list[str]:
    """What must not be in any text that koi writes, the longest first."""
    with _turn:
        values = list(_known)
    return sorted(values, key=len, reverse=True)


def _remember(value: str) -> None:
    if len(value) < _SHORTEST:
        return
    with _turn:  # sources of credentials run side by side
        _known.pop(value, None)
        _known[value] = None
        if len(_known) > _REMEMBERED:
            del _known[next(iter(_known))]


def without_secrets(text: str, secrets: Iterable[Secret]) -> str:
    """`text` with each secret as its label, also one that was cut short by "…" at the end."""
    for secret in secrets:
        value = secret.reveal()
        if len(value) < _SHORTEST:
            continue
        text = text.replace(value, secret.label)
        for length in range(len(value) - 1, 3, -1):
            if text.endswith(f"{value[:length]}…"):
                text = f"{text[: -length - 1]}…"
                break
    return text
