"""The OS keyring: late, limited in time, and never trusted blindly."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from keyring.backends.chainer import ChainerBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring
from keyring.errors import InitError, KeyringLocked

from koi.core.secret import Secret
from koi.credentials.stores.back_end import BackEnd, KeyringFailure, trusted
from tests.credentials.keyrings import (
    Forgetful,
    Hanging,
    Memory,
    Plaintext,
    Raising,
    keyring_with,
)

KEY = Secret("sk-canary-0123456789")


def test_a_key_is_kept_and_read_again() -> None:
    back_end = Memory()
    keyring_with(back_end).put("openai", KEY)
    assert keyring_with(back_end).get("openai") == KEY
    assert back_end.kept == {("koi", "openai"): KEY.reveal()}


def test_what_is_known_is_not_asked_again() -> None:
    back_end = Memory({("koi", "openai"): KEY.reveal()})
    keyring = keyring_with(back_end)
    assert [keyring.get("openai"), keyring.get("openai"), keyring.get("xai")] == [KEY, KEY, None]
    assert keyring.get("xai") is None
    assert back_end.asked == [("koi", "openai"), ("koi", "xai")]


def test_a_key_is_removed() -> None:
    keyring = keyring_with(Memory({("koi", "openai"): KEY.reveal()}))
    assert keyring.remove("openai")
    assert not keyring.remove("openai")
    assert keyring.get("openai") is None


def test_a_keyring_that_hangs_is_left_alone_from_then_on() -> None:
    back_end = Hanging()
    keyring = keyring_with(back_end, limit_s=0.05)
    with pytest.raises(KeyringFailure, match=r"did not answer within 0\.05 s"):
        keyring.put("openai", KEY)
    back_end.release.set()
    with pytest.raises(KeyringFailure, match="did not answer"):
        keyring.get("openai")
    assert back_end.asked in ([], [("koi", "openai")])


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("odd"),
        OSError(1783, "bad data"),
        SystemExit(3),
        KeyboardInterrupt(),
        KeyError(),
    ],
)
def test_whatever_a_back_end_raises_ends_its_use(error: BaseException) -> None:
    back_end = Raising(error)
    keyring = keyring_with(back_end)
    for _ in range(2):
        with pytest.raises(KeyringFailure, match=type(error).__name__):
            keyring.get("openai")
    assert len(back_end.asked) == 1


@pytest.mark.parametrize("error", [KeyringLocked("dismissed"), InitError("dismissed")])
def test_a_locked_keyring_is_called_that(error: Exception) -> None:
    with pytest.raises(KeyringFailure, match=r"^the OS keyring is locked$"):
        keyring_with(Raising(error)).get("openai")


def test_a_failure_is_said_without_the_key() -> None:
    keyring = keyring_with(Raising(ValueError(f"cannot store {KEY.reveal()}\nat all")))
    with pytest.raises(KeyringFailure) as caught:
        keyring.put("openai", KEY)
    assert str(caught.value) == "the OS keyring failed (ValueError: cannot store …6789 at all)"


def test_a_key_that_was_dropped_without_a_word_is_noticed() -> None:
    keyring = keyring_with(Forgetful())
    with pytest.raises(KeyringFailure, match="did not keep it"):
        keyring.put("openai", KEY)


def made(kind: Callable[[], BackEnd]) -> BackEnd:
    """One of the package's own, which has no types."""
    return kind()


def low() -> BackEnd:
    back_end = Memory()
    back_end.priority = 0.5
    return back_end


@pytest.mark.parametrize(
    ("back_end", "words"),
    [
        (made(FailKeyring), "no OS keyring was found"),
        (made(NullKeyring), "switched off"),
        (Plaintext(), "would not keep it safe"),
        (low(), "not a keyring to rely on"),
    ],
)
def test_back_ends_that_keep_nothing_or_in_the_clear_are_refused(
    back_end: BackEnd, words: str
) -> None:
    with pytest.raises(KeyringFailure, match=words):
        keyring_with(back_end).put("openai", KEY)


def test_of_a_chain_the_first_part_that_is_safe_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    safe = Memory()
    monkeypatch.setattr(ChainerBackend, "backends", [Plaintext(), safe])
    assert trusted(made(ChainerBackend)) is safe


def test_a_chain_of_unsafe_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChainerBackend, "backends", [Plaintext(), made(NullKeyring)])
    with pytest.raises(KeyringFailure, match="would not keep it safe"):
        trusted(made(ChainerBackend))
