"""Favourites and recent models are remembered in one small file that several processes write."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.catalogue import model_choices as module
from koi.catalogue.model_choices import (
    MOST_RECENT,
    VERSION,
    ModelChoices,
    read_choices,
    remember_used,
    remember_used_aside,
    toggle_favourite,
)
from koi.core.errors import StorageError
from koi.core.references import ModelReference
from koi.files.lock import FileLock

SONNET = ModelReference("anthropic", "sonnet")
GPT = ModelReference("openai", "gpt-5")
URL_FORM = ModelReference("custom:https://llm.example.com/v1", "a/b")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "models.json"


def test_nothing_is_remembered_at_first(file: Path) -> None:
    assert read_choices(file) == ModelChoices()


def test_a_favourite_is_marked_and_unmarked(file: Path) -> None:
    toggle_favourite(file, SONNET)
    toggle_favourite(file, URL_FORM)
    assert read_choices(file).favourites == (SONNET, URL_FORM)
    assert toggle_favourite(file, SONNET).favourites == (URL_FORM,)
    assert read_choices(file).favourites == (URL_FORM,)


def test_the_last_used_comes_first_and_the_oldest_goes(file: Path) -> None:
    used = [ModelReference("p", f"m{number}") for number in range(MOST_RECENT + 2)]
    for reference in (*used, used[5]):
        remember_used(file, reference)
    recent = read_choices(file).recent
    assert len(recent) == MOST_RECENT
    assert recent[:2] == (used[5], used[-1])


def test_the_file_is_private(file: Path) -> None:
    remember_used(file, GPT)
    modes = [path.stat().st_mode & 0o777 for path in (file, *file.parent.iterdir(), file.parent)]
    assert modes[-1] == 0o700
    assert set(modes[:-1]) == {0o600}


def test_using_the_same_model_again_writes_nothing(file: Path) -> None:
    remember_used(file, GPT)
    before = file.stat().st_ino
    remember_used(file, GPT)
    assert file.stat().st_ino == before


def test_what_a_later_version_adds_stays(file: Path) -> None:
    file.parent.mkdir()
    table = {"version": VERSION, "pinned": [1], "favourites": [{"provider": "x", "kind": "group"}]}
    file.write_text(json.dumps(table))
    toggle_favourite(file, GPT)
    remember_used(file, GPT)
    kept = json.loads(file.read_text())
    assert kept["pinned"] == [1]
    assert {"provider": "x", "kind": "group"} in kept["favourites"]
    assert read_choices(file).favourites == (GPT,)


def test_a_file_of_a_newer_koi_is_read_and_left_alone(file: Path) -> None:
    file.parent.mkdir()
    table = {"version": VERSION + 1, "favourites": [{"provider": "p", "model": "m"}]}
    file.write_text(json.dumps(table))
    assert read_choices(file).favourites == (ModelReference("p", "m"),)
    with pytest.raises(StorageError, match="newer koi"):
        remember_used(file, GPT)
    assert json.loads(file.read_text()) == table


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 10_000])
def test_a_damaged_file_is_set_aside_with_a_note(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    damaged = read_choices(file)
    assert (damaged.favourites, damaged.recent) == ((), ())
    assert "damaged" in damaged.note
    assert "set aside" in toggle_favourite(file, GPT).note
    assert (file.parent / "models.json.damaged").read_bytes() == content
    assert read_choices(file) == ModelChoices((GPT,))


def test_a_file_that_cannot_be_read_is_a_note(file: Path) -> None:
    file.mkdir(parents=True)
    assert "cannot be read" in read_choices(file).note
    with pytest.raises(StorageError):
        remember_used(file, GPT)


def test_several_processes_lose_no_choice(file: Path) -> None:
    marked = [ModelReference("p", f"m{number}") for number in range(12)]
    threads = [threading.Thread(target=toggle_favourite, args=(file, each)) for each in marked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(read_choices(file).favourites) == set(marked)


def test_who_holds_the_lock_for_long_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_S", 0.0)
    file.parent.mkdir()
    with (
        FileLock(file.with_suffix(".lock")),
        pytest.raises(StorageError, match=r"in use by|another process"),
    ):
        remember_used(file, GPT)


def test_aside_a_failure_is_logged(
    file: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "log", logging.getLogger("not koi's, which has files of its own"))
    remember_used_aside(file, GPT).join()
    assert read_choices(file).recent == (GPT,)
    file.unlink()
    file.mkdir()
    remember_used_aside(file, SONNET).join()
    assert "anthropic/sonnet is not remembered" in caplog.text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["version", "favourites", "recent", "provider", "model"]), inner
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_whatever_is_in_the_file_the_next_choice_is_kept(
    tmp_path_factory: pytest.TempPathFactory, content: object
) -> None:
    file = tmp_path_factory.mktemp("choices") / "models.json"
    file.write_text(json.dumps(content))
    read_choices(file)
    try:
        toggle_favourite(file, GPT)
    except StorageError:
        assert json.loads(file.read_text()) == content
    else:
        assert GPT in read_choices(file).favourites
