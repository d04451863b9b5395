"""The list of sessions."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
import pytest

from koi.core.errors import StorageError, UsageError
from koi.core.usage import Cost
from koi.store.journal import Journal
from koi.store.records import ModelRecord, TitleRecord, TurnEndRecord
from koi.store.sessions import (
    delete_session,
    find_session,
    latest_session,
    list_sessions,
    summarise,
)
from tests.store.samples import MODEL, OTHER, SESSION, answer, prompt, result, usage


def session(folder: Path, *texts: str, cwd: str = "/app", name: str = "") -> Path:
    """A closed session, one turn for each prompt."""
    journal = Journal.create(folder, msgspec.structs.replace(SESSION, cwd=cwd))
    for text in texts:
        journal.append(prompt(text))
        journal.append(usage(0.5))
        journal.append(answer("done"))
        journal.append(TurnEndRecord("finished"))
    journal.close()
    return journal.path.rename(folder / f"{name}.jsonl") if name else journal.path


def test_a_summary_says_what_was_asked_where_and_for_how_much(tmp_path: Path) -> None:
    path = session(tmp_path, "\nMend it\nplease", "again")
    (summary,) = list_sessions(tmp_path)
    assert (summary.id, summary.path, summary.title) == (path.stem, path, "Mend it")
    assert (summary.cwd, summary.model, summary.mode) == ("/app", MODEL, "ask")
    assert (summary.turns, summary.cost, summary.damaged_lines) == (2, Cost(1.0), 0)
    assert summary.size == path.stat().st_size
    assert summary.started <= summary.updated


def test_a_turn_that_never_ended_counts_too(tmp_path: Path) -> None:
    path = session(tmp_path, "one")
    journal = Journal.open(path)
    journal.append(prompt("two"))
    journal.append(usage(None))
    journal.append(TitleRecord("A better name"))
    journal.append(ModelRecord("executor", OTHER))
    journal.close()
    (summary,) = list_sessions(tmp_path)
    assert (summary.title, summary.model, summary.turns) == ("A better name", OTHER, 2)
    assert summary.cost == Cost(0.5, incomplete=True)


@pytest.mark.parametrize("large", ["prompt", "result", "unended"])
def test_a_long_session_is_summed_up_from_its_ends(tmp_path: Path, large: str) -> None:
    journal = Journal.create(tmp_path, SESSION)
    journal.append(prompt("Title\n" + "x" * (300_000 if large == "prompt" else 1)))
    for _ in range(5):
        journal.append(usage(0.5))
        journal.append(result("c1", "y" * (300_000 if large == "result" else 100_000)))
    if large != "unended":
        journal.append(TurnEndRecord("finished"))
    journal.append(usage(0.5))
    journal.close()
    (summary,) = list_sessions(tmp_path)
    assert (summary.title, summary.turns, summary.cost) == ("Title", 1, Cost(3.0))
    assert summary.damaged_lines == 0


def test_sessions_are_listed_by_last_use(tmp_path: Path) -> None:
    first = session(tmp_path, "one", cwd="/a")
    session(tmp_path, "two", cwd="/b")
    time.sleep(0.01)  # times are kept in milliseconds
    journal = Journal.open(first)
    journal.append(prompt("later"))
    journal.close()
    assert [summary.title for summary in list_sessions(tmp_path)] == ["one", "two"]


def test_the_latest_session_of_a_folder_is_the_one_written_last(tmp_path: Path) -> None:
    first = session(tmp_path, "one", cwd="/a")
    second = session(tmp_path, "two", cwd="/a")
    third = session(tmp_path, "three", cwd="/b")
    for used, path in enumerate((second, first, third)):
        os.utime(path, (used, used))
    assert latest_session(tmp_path, "/a") == first
    assert latest_session(tmp_path) == third
    journal = Journal.open(second)
    journal.append(prompt("latest of all"))
    journal.close()
    assert latest_session(tmp_path, "/a") == second
    assert latest_session(tmp_path, "/nowhere") is None


def test_a_folder_that_is_missing_holds_no_sessions(tmp_path: Path) -> None:
    assert list_sessions(tmp_path / "none") == ()
    assert latest_session(tmp_path / "none", "/a") is None


def test_damaged_and_foreign_files_do_not_hide_the_others(tmp_path: Path) -> None:
    path = session(tmp_path, "one")
    path.write_bytes(path.read_bytes() + b"garbage\n" + b'{"v":1,')
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "junk.jsonl").write_bytes(b"\x00" * 100)
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "notes.txt").touch()
    (summary,) = list_sessions(tmp_path)
    assert (summary.title, summary.damaged_lines) == ("one", 2)


def test_a_session_is_found_by_any_unique_beginning_of_its_id_or_end(tmp_path: Path) -> None:
    one = session(tmp_path, "one", name="20261120-185501-k3f9")
    session(tmp_path, "two", name="20261121-090000-k3aa")
    for wanted in ("20261120-185501-k3f9", "20261120", "k3f"):
        assert find_session(tmp_path, wanted) == one
    with pytest.raises(UsageError, match="any of 2 sessions") as caught:
        find_session(tmp_path, "k3")
    assert "20261121-090000-k3aa" in caught.value.hint
    for wanted in ("", "x", "../data"):
        with pytest.raises(UsageError, match="there is no session"):
            find_session(tmp_path, wanted)


def test_a_deleted_session_takes_its_torn_tails_and_large_outputs_with_it(tmp_path: Path) -> None:
    path = session(tmp_path / "sessions", "one", name="20261120-185501-k3f9")
    other = session(tmp_path / "sessions", "two", name="20261120-185501-k3f8")
    path.with_name(f"{path.stem}.torn-1").touch()
    spill = tmp_path / "spill" / path.stem
    spill.mkdir(parents=True)
    (spill / "out").touch()
    delete_session(path, spill=spill)
    assert list((tmp_path / "sessions").iterdir()) == [other]
    assert not spill.exists()


def test_a_session_in_use_is_not_deleted(tmp_path: Path) -> None:
    path = session(tmp_path, "one")
    journal = Journal.open(path)
    with pytest.raises(StorageError, match="in use"):
        delete_session(path)
    journal.close()
    assert path.exists()
    delete_session(path)
    assert summarise(path) is None
    with pytest.raises(StorageError, match="cannot delete"):
        delete_session(path)
