"""Which credential a new session starts with, when nobody says anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.agent.options import SessionOptions
from koi.core.errors import CredentialMissing
from koi.credentials.stores import keyring_store
from koi.wiring.models import choose_model
from tests.credentials.keyrings import Raising, keyring_with
from tests.credentials.layouts import (
    Home,
    Step,
    claude,
    codex,
    home_with,
    in_keyring,
    key_file,
    table,
    variable,
    yes,
)

NO_OLLAMA = table("[providers.ollama]\nenabled = false\n")


async def chosen(home: Home, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(keyring_store, "_the_keyring", keyring_with(home.keyring))
    found = await choose_model(SessionOptions(workspace=home.folder), home.registry())
    return str(found.reference)


@pytest.mark.parametrize(
    ("steps", "model"),
    [
        ((key_file("groq"),), "groq/llama-3.3-70b-versatile"),
        ((in_keyring("groq"),), "groq/llama-3.3-70b-versatile"),
        ((codex(), yes("codex-cli")), "openai-codex/gpt-5.1-codex"),
        ((codex(), yes("codex-cli"), key_file("groq")), "groq/llama-3.3-70b-versatile"),
        ((claude(), variable("GROQ_API_KEY")), "groq/llama-3.3-70b-versatile"),
    ],
)
async def test_what_was_found_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: tuple[Step, ...], model: str
) -> None:
    home = home_with(tmp_path, NO_OLLAMA, *steps)
    assert await chosen(home, monkeypatch) == model
    assert set(home.keyring.asked) <= {("koi", "groq")}


async def test_a_keyring_that_fails_is_told_with_the_model_that_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_with(tmp_path, NO_OLLAMA, in_keyring("openai"), key_file("xai"))
    broken = keyring_with(Raising(OSError("the bus is gone")))
    monkeypatch.setattr(keyring_store, "_the_keyring", broken)
    found = await choose_model(SessionOptions(workspace=home.folder), home.registry())
    assert found.reference.provider == "xai"
    assert "the bus is gone" in "\n".join(found.notes)


async def test_a_key_that_is_gone_from_the_keyring_gives_way_to_the_next_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_with(tmp_path, NO_OLLAMA, in_keyring("openai"), key_file("xai"))
    home.keyring.kept.clear()
    assert await chosen(home, monkeypatch) == "xai/grok-4-0709"


async def test_a_key_put_into_the_keyring_by_hand_is_found_when_nothing_else_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_with(tmp_path, NO_OLLAMA, in_keyring("groq", listed=False))
    assert await chosen(home, monkeypatch) == "groq/llama-3.3-70b-versatile"


async def test_what_needs_a_yes_is_named_when_nothing_else_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_with(tmp_path, NO_OLLAMA, claude())
    with pytest.raises(CredentialMissing) as caught:
        await chosen(home, monkeypatch)
    assert ".credentials.json (needs your yes: koi connect claude-cli)" in caught.value.hint
