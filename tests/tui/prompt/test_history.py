"""The prompt history on the disk and the walk through it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from koi.core.errors import StorageError
from koi.tui.prompt.history import MAX_ENTRIES, Entry, HistoryWalk, PromptHistory


def entries(*texts: str) -> list[Entry]:
    return [Entry(text) for text in texts]


def test_prompts_come_back_oldest_first(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history = PromptHistory(path)
    for entry in entries("one", "two\nlines", "3"):
        history.save(entry)
    assert list(PromptHistory(path).entries()) == entries("one", "two\nlines", "3")


def test_pastes_are_kept_with_their_prompt(tmp_path: Path) -> None:
    entry = Entry("see [Pasted text 1: 20 lines]", {"[Pasted text 1: 20 lines]": "x\n" * 20})
    PromptHistory(tmp_path / "history.jsonl").save(entry)
    assert list(PromptHistory(tmp_path / "history.jsonl").entries()) == [entry]


def test_only_the_person_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history.jsonl"
    PromptHistory(path).save(Entry("secret"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_damaged_lines_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b'{"text":"one"}\n\x00\xff\n{"text":5}\n[]\n{"text":"two"}\n{"text":"tor')
    assert list(PromptHistory(path).entries()) == entries("one", "two")


def test_a_torn_last_line_does_not_damage_the_next_prompt(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b'{"text":"one"}\n{"text":"tor')
    PromptHistory(path).save(Entry("two"))
    assert list(PromptHistory(path).entries()) == entries("one", "two")


def test_the_last_thousand_prompts_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text("".join(f'{{"text":"{number}"}}\n' for number in range(1_500)))
    known = PromptHistory(path).entries()
    assert len(known) == MAX_ENTRIES
    assert known[-1] == Entry("1499")


def test_a_file_that_grew_large_is_cut_to_its_newest_prompts(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(f'{{"text":"{"x" * 10_000}"}}\n' * 1_000)
    PromptHistory(path).save(Entry("last"))
    assert path.stat().st_size < 5_000_000
    assert PromptHistory(path).entries()[-1] == Entry("last")


def test_several_processes_append_without_losing_prompts(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from koi.tui.prompt.history import Entry, PromptHistory\n"
        "history = PromptHistory(Path(sys.argv[1]))\n"
        "for number in range(50): history.save(Entry(f'{sys.argv[2]}-{number}'))\n"
    )
    app = str(Path(__file__).parents[3] / "app")
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(path), name], env={"PYTHONPATH": app})
        for name in ("a", "b", "c")
    ]
    assert [process.wait() for process in running] == [0, 0, 0]
    known = {entry.text for entry in PromptHistory(path).entries()}
    assert known == {f"{name}-{number}" for name in "abc" for number in range(50)}


def test_the_same_prompt_twice_is_one() -> None:
    history = PromptHistory()
    assert history.remember(Entry("again"))
    assert not history.remember(Entry("again"))
    assert list(history.entries()) == entries("again")


def test_prompts_sent_before_the_file_is_read_come_last(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    PromptHistory(path).save(Entry("before"))
    history = PromptHistory(path)
    history.remember(Entry("now"))
    assert list(history.entries()) == entries("before", "now")


def test_a_history_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.mkdir()
    with pytest.raises(StorageError, match="cannot read the prompt history"):
        PromptHistory(path).entries()


def test_a_walk_goes_back_in_time_and_returns_to_the_draft() -> None:
    walk = HistoryWalk(entries("one", "two"), Entry("draft", {}))
    assert walk.older() is None
    walk = HistoryWalk(entries("one", "two"), Entry(""))
    assert [walk.older(), walk.older(), walk.older()] == [Entry("two"), Entry("one"), None]
    assert [walk.newer(), walk.newer(), walk.newer()] == [Entry("two"), Entry(""), None]


def test_a_walk_shows_only_what_begins_like_the_draft() -> None:
    walk = HistoryWalk(entries("fix a", "say b", "fix c"), Entry("fix"))
    assert [walk.older(), walk.older(), walk.older()] == [Entry("fix c"), Entry("fix a"), None]


def test_a_walk_shows_equal_prompts_once() -> None:
    walk = HistoryWalk(entries("a", "b", "a"), Entry(""))
    assert [walk.older(), walk.older(), walk.older()] == [Entry("a"), Entry("b"), None]
