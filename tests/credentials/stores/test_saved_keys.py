"""Keys that the person gave to koi: where they go, and how they go away."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from koi.core.errors import UsageError
from koi.core.secret import Secret
from koi.credentials.findings import Finding
from koi.credentials.key_text import checked_key
from koi.credentials.sources.saved import find_in_files, find_in_keyring
from koi.credentials.sources.search import Depth, Search
from koi.credentials.stores.keyring_store import KeyringStore
from koi.credentials.stores.saved_keys import remove_key, save_key, saved_keys
from tests.configurations import paths_in, registry_of
from tests.credentials.keyrings import Forgetful, Memory, Raising, keyring_with

KEY = Secret("sk-canary-0123456789")
WHY = "the OS keyring failed (RuntimeError: odd)"


def search(folder: Path, depth: Depth = "keys", text: str = "") -> Search:
    registry = registry_of(folder, text)
    return Search(registry.all, registry.config, depth)


def broken() -> KeyringStore:
    return keyring_with(Raising(RuntimeError("odd")))


def states(findings: tuple[Finding, ...]) -> dict[str, str]:
    return {found.provider: found.state for found in findings}


def test_a_key_goes_into_the_keyring_and_only_its_name_into_a_file(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    place = save_key(paths, "openai", KEY, keyring_with(Memory()))
    assert place.source == "OS keyring"
    assert place.words == "in the OS keyring (keyrings)"
    assert (paths.keys / "keyring.json").read_text() == '{"names":["openai"]}'
    assert not list(paths.keys.glob("*.key"))


def test_without_a_keyring_it_goes_into_a_private_file_and_koi_says_why(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    place = save_key(paths, "openai", KEY, broken())
    file = paths.keys / "openai.key"
    assert place.source == "key file"
    assert place.words == f"in {file}, readable by you only, because {WHY}"
    assert file.read_text() == f"{KEY.reveal()}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(paths.keys.stat().st_mode) == 0o700


def test_no_file_of_saved_keys_has_group_or_other_bits(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    save_key(paths, "openai", KEY, broken())
    save_key(paths, "xai", KEY, keyring_with(Memory()))
    files = list(paths.keys.iterdir())
    assert len(files) >= 3
    assert [file for file in files if file.stat().st_mode & 0o077] == []


def test_names_of_any_kind_have_a_file(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    name = "custom:https://llm.example.com/v1"
    save_key(paths, name, KEY, broken())
    assert [key.provider for key in saved_keys(paths)] == [name]


def test_a_new_key_in_the_keyring_takes_the_place_of_the_file(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    save_key(paths, "openai", Secret("sk-older-0123456789"), broken())
    save_key(paths, "openai", KEY, keyring_with(Memory()))
    assert [(key.provider, key.source) for key in saved_keys(paths)] == [("openai", "OS keyring")]


def test_a_new_key_in_a_file_comes_before_the_older_one_in_the_keyring(tmp_path: Path) -> None:
    paths, back_end = paths_in(tmp_path), Memory()
    save_key(paths, "openai", Secret("sk-older-0123456789"), keyring_with(back_end))
    save_key(paths, "openai", KEY, keyring_with(Forgetful()))
    looking = search(tmp_path, "everything")
    assert find_in_keyring(looking, keyring_with(back_end)) == ()
    (found,) = find_in_files(looking)
    assert found.secret == KEY


def test_a_key_is_removed_from_both(tmp_path: Path) -> None:
    paths, keyring = paths_in(tmp_path), keyring_with(Memory())
    save_key(paths, "openai", KEY, broken())
    keyring.put("openai", KEY)
    removed = remove_key(paths, "openai", keyring)
    assert removed.sources == ("OS keyring", "key file")
    assert saved_keys(paths) == ()
    assert remove_key(paths, "openai", keyring).sources == ()


def test_what_may_be_left_in_a_keyring_is_said(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    save_key(paths, "openai", KEY, keyring_with(Memory()))
    assert f"may still have it: {WHY}" in remove_key(paths, "openai", broken()).left


def test_a_start_without_saved_keys_never_asks_the_keyring(tmp_path: Path) -> None:
    back_end = Memory({("koi", "openai"): KEY.reveal()})
    assert find_in_keyring(search(tmp_path, "keys"), keyring_with(back_end)) == ()
    assert back_end.asked == []


def test_a_start_with_a_saved_key_says_so_without_asking(tmp_path: Path) -> None:
    back_end = Memory()
    save_key(paths_in(tmp_path), "openai", KEY, keyring_with(back_end))
    back_end.asked.clear()
    (found,) = find_in_keyring(search(tmp_path, "names"), keyring_with(back_end))
    assert (found.provider, found.state, found.secret) == ("openai", "usable", None)
    assert back_end.asked == []


def test_a_saved_key_is_read_when_it_is_needed(tmp_path: Path) -> None:
    back_end = Memory()
    save_key(paths_in(tmp_path), "openai", KEY, keyring_with(back_end))
    (found,) = find_in_keyring(search(tmp_path), keyring_with(back_end))
    assert (found.secret, found.label, found.detail) == (KEY, "…6789", "koi/openai, keyrings")


def test_a_key_put_there_by_hand_is_found_and_then_known_by_name(tmp_path: Path) -> None:
    back_end = Memory({("koi", "groq"): KEY.reveal()})
    found = find_in_keyring(search(tmp_path, "everything"), keyring_with(back_end))
    assert states(found) == {"groq": "usable"}
    assert states(find_in_keyring(search(tmp_path), keyring_with(back_end))) == {"groq": "usable"}


def test_a_saved_key_that_the_keyring_does_not_give_is_unreadable(tmp_path: Path) -> None:
    save_key(paths_in(tmp_path), "openai", KEY, keyring_with(Memory()))
    (locked,) = find_in_keyring(search(tmp_path), broken())
    (missing,) = find_in_keyring(search(tmp_path), keyring_with(Memory()))
    assert (locked.state, locked.detail) == ("unreadable", WHY)
    assert (missing.state, missing.detail) == (
        "unreadable",
        "the OS keyring has no key koi/openai any more",
    )


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o666])
def test_a_key_file_that_is_open_to_others_is_closed_and_koi_says_so_once(
    tmp_path: Path, mode: int
) -> None:
    paths = paths_in(tmp_path)
    save_key(paths, "openai", KEY, broken())
    file = paths.keys / "openai.key"
    file.chmod(mode)
    (first,) = find_in_files(search(tmp_path))
    (second,) = find_in_files(search(tmp_path))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "others could read it" in first.detail
    assert "others could read it" not in second.detail
    assert first.secret == second.secret == KEY


def test_a_saved_token_of_a_subscription_needs_a_yes(tmp_path: Path) -> None:
    save_key(paths_in(tmp_path), "anthropic", Secret("sk-ant-oat01-0123456789"), broken())
    (found,) = find_in_files(search(tmp_path))
    assert (found.state, found.consent, found.secret) == ("needs_yes", "claude-token", None)


@pytest.mark.parametrize("text", ["", "  \n", "two words", "sk-\x07bell", "clé-0123456789"])
def test_what_cannot_be_a_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked_key(text)
    said = f"{caught.value.title} {caught.value.hint}"
    assert not text.strip() or text.strip() not in said


def test_what_cannot_be_a_key_is_not_kept(tmp_path: Path) -> None:
    back_end = Memory()
    with pytest.raises(UsageError):
        save_key(paths_in(tmp_path), "openai", Secret("two words"), keyring_with(back_end))
    assert back_end.kept == {}
    assert not paths_in(tmp_path).keys.exists()


def test_a_pasted_key_loses_the_blanks_around_it() -> None:
    assert checked_key(" sk-canary-0123456789\r\n") == KEY
