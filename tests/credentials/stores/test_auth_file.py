"""auth.json on a real disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from koi.core.errors import StorageError
from koi.core.secret import Secret
from koi.credentials.stores.auth_file import LARGEST, AuthFile
from koi.credentials.stores.token_record import TokenRecord

CANARY = "canary-access-0123456789"
RECORD = TokenRecord(
    Secret(CANARY), Secret("canary-refresh-0123456789"), 1900000000, extra={"account": "me"}
)


@pytest.fixture
def store(tmp_path: Path) -> AuthFile:
    """A file that is not there yet, in a folder that is not either."""
    return AuthFile(tmp_path / "data" / "auth.json")


def written(store: AuthFile, text: str, mode: int = 0o600) -> None:
    store.path.parent.mkdir(mode=0o700, exist_ok=True)
    store.path.write_text(text)
    store.path.chmod(mode)


def test_a_login_comes_back_as_it_was_kept(store: AuthFile) -> None:
    store.put("qwen-code", RECORD)
    assert store.read().records == {"qwen-code": RECORD}
    assert json.loads(store.path.read_text()) == {
        "version": 1,
        "providers": {
            "qwen-code": {
                "type": "oauth",
                "access_token": CANARY,
                "refresh_token": "canary-refresh-0123456789",
                "expires_at": 1900000000,
                "extra": {"account": "me"},
            }
        },
    }


def test_nothing_in_the_folder_is_open_to_others(store: AuthFile) -> None:
    before = os.umask(0)
    try:
        store.put("qwen-code", RECORD)
    finally:
        os.umask(before)
    assert store.path.parent.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in store.path.parent.iterdir()} == {0o600}


def test_no_file_is_no_login(store: AuthFile) -> None:
    assert store.read().records == {}
    assert not store.path.parent.exists()
    assert store.remove("qwen-code") is False


def test_what_others_wrote_is_kept(store: AuthFile) -> None:
    written(
        store,
        json.dumps(
            {
                "version": 1,
                "theme": "dark",
                "providers": {
                    "openai": {"type": "api_key", "key": "sk-theirs"},
                    "newer": {"type": "passkey", "blob": [1]},
                    "qwen-code": {"type": "oauth", "access_token": "old", "nickname": "work"},
                },
            }
        ),
    )
    store.put("qwen-code", RECORD)
    store.put("copilot", RECORD)
    store.remove("copilot")
    kept = json.loads(store.path.read_text())
    assert kept["theme"] == "dark"
    assert set(kept["providers"]) == {"openai", "newer", "qwen-code"}
    assert kept["providers"]["openai"]["key"] == "sk-theirs"
    assert kept["providers"]["qwen-code"]["nickname"] == "work"
    assert set(store.read().records) == {"qwen-code"}


def test_only_logins_are_removed(store: AuthFile) -> None:
    written(store, '{"providers": {"openai": {"type": "api_key", "key": "sk-theirs"}}}')
    assert store.remove("openai") is False
    assert "sk-theirs" in store.path.read_text()


@pytest.mark.parametrize("damage", [f'{{"providers": {{"x": "{CANARY}', "[]", '{"providers": 3}'])
def test_a_damaged_file_is_set_aside_and_said(store: AuthFile, damage: str) -> None:
    written(store, damage)
    contents = store.read()
    [kept] = store.path.parent.glob("auth.json.bad-*")
    assert contents.records == {}
    assert kept.name in contents.notes[0]
    assert CANARY not in contents.notes[0]
    assert kept.read_text() == damage
    assert kept.stat().st_mode & 0o777 == 0o600
    store.put("qwen-code", RECORD)
    assert store.read().notes == ()
    assert kept.exists()


def test_writing_sets_a_damaged_file_aside_as_well(store: AuthFile) -> None:
    for _ in range(2):
        written(store, "half of a fi")
        store.put("qwen-code", RECORD)
    assert len(list(store.path.parent.glob("auth.json.bad-*"))) == 2
    assert set(store.read().records) == {"qwen-code"}


def test_a_huge_file_is_not_read(store: AuthFile) -> None:
    written(store, "")
    os.truncate(store.path, LARGEST + 1)
    assert "too large" in store.read().notes[0]


def test_a_folder_in_its_place_is_an_error(store: AuthFile) -> None:
    store.path.mkdir(parents=True)
    with pytest.raises(StorageError, match="not a regular file"):
        store.read()


def test_a_pipe_in_its_place_does_not_hang(store: AuthFile) -> None:
    store.path.parent.mkdir()
    os.mkfifo(store.path)
    with pytest.raises(StorageError, match="not a regular file"):
        store.read()


def test_a_file_open_to_others_is_closed_and_said_once(store: AuthFile) -> None:
    written(store, '{"providers": {}}', 0o644)
    assert "private now" in store.read().notes[0]
    assert store.path.stat().st_mode & 0o777 == 0o600
    assert store.read().notes == ()


def test_a_newer_file_is_read_and_not_changed(store: AuthFile) -> None:
    entry = {"type": "oauth", "access_token": CANARY}
    text = json.dumps({"version": 2, "providers": {"qwen-code": entry}})
    written(store, text)
    assert set(store.read().records) == {"qwen-code"}
    with pytest.raises(StorageError, match="newer koi"):
        store.put("copilot", RECORD)
    with pytest.raises(StorageError, match="newer koi"):
        store.remove("qwen-code")
    assert store.path.read_text() == text


def test_a_symlink_stays_and_its_target_is_replaced(store: AuthFile, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles.json"
    target.write_text('{"providers": {}}')
    store.path.parent.mkdir()
    store.path.symlink_to(target)
    store.put("qwen-code", RECORD)
    assert store.path.is_symlink()
    assert CANARY in target.read_text()
    assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "oauth", "access_token": 5, "refresh_token": [], "expires_at": "x", "extra": 1},
        {"type": "oauth", "expires_at": 10**400},
        {"type": "oauth", "access_token": "", "expires_at": True},
    ],
)
def test_odd_entries_are_logins_that_have_ended(store: AuthFile, entry: object) -> None:
    written(store, json.dumps({"providers": {"qwen-code": entry}}))
    assert store.read().records == {"qwen-code": TokenRecord(None)}


def test_tokens_are_not_printed(store: AuthFile) -> None:
    store.put("qwen-code", RECORD)
    assert "canary" not in repr(store.read())
    assert "canary" not in str(RECORD)


def test_what_the_disk_does_not_take_is_kept_in_memory_until_somebody_connects_again(
    store: AuthFile,
) -> None:
    store.put("qwen-code", RECORD)
    newer = TokenRecord(Secret("newer-token"))
    store.hold("qwen-code", newer)
    contents = store.read()
    assert contents.records == {"qwen-code": newer}
    assert "could not be saved" in contents.notes[0]
    others = TokenRecord(Secret("by another koi"))
    AuthFile(store.path).put("qwen-code", others)
    assert store.read().records == {"qwen-code": others}
    assert store.read().notes == ()


WRITER = """
import sys
from pathlib import Path
from koi.core.secret import Secret
from koi.credentials.stores.auth_file import AuthFile
from koi.credentials.stores.token_record import TokenRecord
for number in range(10):
    AuthFile(Path(sys.argv[1])).put(f"p{sys.argv[2]}-{number}", TokenRecord(Secret("x")))
"""


def test_processes_do_not_lose_each_others_logins(store: AuthFile) -> None:
    commands = [[sys.executable, "-c", WRITER, str(store.path), str(number)] for number in range(3)]
    processes = [subprocess.Popen(command) for command in commands]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert len(store.read().records) == 30
