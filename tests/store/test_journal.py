"""The writer of a session's file."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from koi.core.agent_events import Compacted
from koi.core.errors import StorageError
from koi.core.usage import Cost
from koi.store.conversation import branch
from koi.store.journal import Journal
from koi.store.lines import VERSION, Entry, encode_line
from koi.store.records import CompactionRecord, JournalState, ModeRecord, TurnEndRecord
from koi.store.scan import read_journal, scan
from tests.store.samples import EVERY_KIND, MODEL, OTHER, SESSION, prompt, usage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "sessions"


def written(folder: Path, *texts: str) -> Path:
    """A closed session with these prompts."""
    journal = Journal.create(folder, SESSION)
    for text in texts:
        journal.append(prompt(text))
    journal.close()
    return journal.path


def texts(path: Path) -> list[str]:
    """The kinds and prompts that a journal holds."""
    records = [entry.record for entry in read_journal(path).entries]
    return [getattr(record, "message", SESSION).text for record in records[1:]]  # type: ignore[union-attr]


def test_a_session_without_a_prompt_leaves_no_file(folder: Path) -> None:
    journal = Journal.create(folder, SESSION)
    journal.append(ModeRecord("edit"))
    journal.sync()
    journal.close()
    assert not folder.exists()


def test_all_records_come_back_in_order_and_linked(folder: Path) -> None:
    journal = Journal.create(folder, SESSION)
    ids = [journal.append(record) for record in EVERY_KIND[1:]]
    journal.close()
    entries = read_journal(journal.path).entries
    assert [entry.record for entry in entries][:-1] == list(EVERY_KIND[:-1])
    assert [entry.id for entry in entries][1:] == ids
    assert [entry.parent for entry in entries] == [None, *(entry.id for entry in entries[:-1])]


def test_files_and_folders_are_private(folder: Path) -> None:
    before = os.umask(0)
    try:
        path = written(folder, "hello")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_that_was_opened_to_others_is_closed_to_them(folder: Path) -> None:
    path = written(folder, "hello")
    path.chmod(0o644)
    Journal.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_session_ids_sort_by_time_and_are_short(folder: Path) -> None:
    session_id = Journal.create(folder, SESSION).session_id
    assert re.fullmatch(r"\d{8}-\d{6}-[a-z0-9]{4}", session_id)


def test_a_session_goes_on_where_it_ended(folder: Path) -> None:
    path = written(folder, "one")
    journal = Journal.open(path)
    assert journal.head == journal.contents.entries[-1].id
    journal.append(prompt("two"), sync=True)
    journal.close()
    entries = read_journal(path).entries
    assert texts(path) == ["one", "two"]
    assert len({entry.id for entry in entries}) == len(entries)
    assert branch(entries) == entries


def test_following_an_earlier_record_makes_a_branch(folder: Path) -> None:
    journal = Journal.create(folder, SESSION)
    first = journal.append(prompt("one"))
    journal.append(prompt("two"))
    journal.append(prompt("other two"), after=first)
    journal.close()
    assert texts(journal.path) == ["one", "two", "other two"]
    way = branch(read_journal(journal.path).entries)
    assert [entry.record for entry in way] == [SESSION, prompt("one"), prompt("other two")]


def test_the_end_of_a_turn_carries_what_the_session_adds_up_to(folder: Path) -> None:
    journal = Journal.create(folder, SESSION)
    journal.append(prompt("\n  Mend the test\nplease"))
    journal.append(usage(0.25))
    journal.append(usage(None))
    journal.append(TurnEndRecord("finished"))
    journal.close()
    end = read_journal(journal.path).entries[-1].record
    assert isinstance(end, TurnEndRecord)
    expected = JournalState(
        "Mend the test",
        SESSION.cwd,
        MODEL,
        "ask",
        1,
        usage().usage + usage().usage,
        Cost(0.25, incomplete=True),
    )
    assert end.state == expected
    assert Journal.open(journal.path, read_only=True).state == expected


def test_a_change_of_the_executor_is_in_the_state(folder: Path) -> None:
    journal = Journal.create(folder, SESSION)
    for record in EVERY_KIND[1:4]:
        journal.append(record)
    assert (journal.state.title, journal.state.mode) == ("A name", "edit")
    assert journal.state.model == OTHER


class TestLock:
    def test_a_second_writer_is_refused_and_told_who_writes(self, folder: Path) -> None:
        journal = Journal.create(folder, SESSION)
        journal.append(prompt("one"))
        with pytest.raises(StorageError, match="is in use by") as caught:
            Journal.open(journal.path)
        assert caught.value.hint
        if Path("/proc/locks").exists():
            assert f"process {os.getpid()}" in caught.value.title
        journal.close()
        Journal.open(journal.path).close()

    def test_a_reader_is_welcome_and_cannot_write(self, folder: Path) -> None:
        journal = Journal.create(folder, SESSION)
        journal.append(prompt("one"))
        reader = Journal.open(journal.path, read_only=True)
        assert len(reader.contents.entries) == 2
        with pytest.raises(StorageError, match="for reading only"):
            reader.append(prompt("two"))
        journal.append(prompt("three"))
        journal.close()
        assert texts(journal.path) == ["one", "three"]

    def test_a_closed_journal_takes_nothing_more(self, folder: Path) -> None:
        journal = Journal.create(folder, SESSION)
        journal.append(prompt("one"))
        journal.close()
        journal.close()
        with pytest.raises(StorageError):
            journal.append(prompt("two"))

    @pytest.mark.parametrize("name", ["missing.jsonl", "folder.jsonl"])
    def test_what_is_no_session_file_is_an_error(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "folder.jsonl").mkdir()
        for read_only in (True, False):
            with pytest.raises(StorageError):
                Journal.open(tmp_path / name, read_only=read_only)


class TestDamage:
    def test_a_last_record_torn_at_any_byte_is_cut_and_kept_aside(self, folder: Path) -> None:
        path = written(folder, "one", "two")
        whole = path.read_bytes()
        start = whole[:-1].rfind(b"\n") + 1
        for end in range(start + 1, len(whole) - 1):
            path.write_bytes(whole[:end])
            journal = Journal.open(path)
            assert [damage.line for damage in journal.contents.damage] == [3]
            journal.append(prompt("three"))
            journal.close()
            assert texts(path) == ["one", "three"]
            aside = path.with_name(f"{path.stem}.torn-1")
            assert aside.read_bytes() == whole[start:end]
            assert stat.S_IMODE(aside.stat().st_mode) == 0o600
            aside.unlink()

    def test_torn_tails_never_replace_each_other(self, folder: Path) -> None:
        path = written(folder, "one")
        for _ in range(2):
            with path.open("ab") as file:
                file.write(b'{"v":1,')
            Journal.open(path).close()
        assert len(list(folder.glob("*.torn-*"))) == 2

    def test_a_missing_last_newline_is_mended(self, folder: Path) -> None:
        path = written(folder, "one")
        path.write_bytes(path.read_bytes()[:-1])
        journal = Journal.open(path)
        assert journal.contents.damage == ()
        journal.append(prompt("two"))
        journal.close()
        assert texts(path) == ["one", "two"]
        assert read_journal(path).damage == ()

    def test_a_reader_mends_nothing(self, folder: Path) -> None:
        path = written(folder, "one")
        torn = path.read_bytes() + b'{"v":1,"id'
        path.write_bytes(torn)
        assert len(Journal.open(path, read_only=True).contents.damage) == 1
        assert path.read_bytes() == torn

    @given(data=st.data())
    @settings(max_examples=200)
    def test_a_flipped_byte_costs_the_record_that_it_hit_and_no_other(
        self, data: st.DataObject
    ) -> None:
        lines = [
            encode_line(Entry(f"a{number}", None, 1.0, record))
            for number, record in enumerate(EVERY_KIND)
        ]
        hit = data.draw(st.integers(0, len(lines) - 1))
        broken = bytearray(lines[hit])
        place = data.draw(st.integers(0, len(broken) - 2))
        broken[place] ^= data.draw(st.integers(1, 255))
        assume(broken[place] != ord("\n"))  # that would be two broken lines
        contents = scan(b"".join((*lines[:hit], bytes(broken), *lines[hit + 1 :])))
        others = [record for index, record in enumerate(EVERY_KIND) if index != hit]
        assert [entry.record for entry in contents.entries] == others
        assert contents.damage[0].line == hit + 1

    @given(data=st.data())
    @settings(max_examples=200)
    def test_every_intact_record_survives_lost_newlines_and_junk_between(
        self, data: st.DataObject
    ) -> None:
        junk = st.sampled_from([b"", b"\n", b"\r\n", b"\x00" * 512, b'{"v":1,"id":"x"', b"\n\n"])
        parts = [data.draw(junk)]
        for number, record in enumerate(EVERY_KIND):
            parts += [encode_line(Entry(f"a{number}", None, 1.0, record))[:-1], data.draw(junk)]
        found = scan(b"".join(parts)).entries
        assert [entry.record for entry in found] == list(EVERY_KIND)

    def test_the_branch_goes_on_over_a_damaged_record(self, folder: Path) -> None:
        path = written(folder, "one", "two", "three")
        path.write_bytes(path.read_bytes().replace(b'"two"', b'"tw0"'))
        way = branch(Journal.open(path, read_only=True).contents.entries)
        assert [entry.record for entry in way] == [SESSION, prompt("one"), prompt("three")]

    @pytest.mark.parametrize("data", [b"", b"\n", b"\x00" * 4096, b"garbage\n", b"\xff\xfe"])
    def test_a_file_without_a_record_still_opens(self, folder: Path, data: bytes) -> None:
        path = written(folder, "one")
        path.write_bytes(data)
        journal = Journal.open(path)
        assert journal.head is None
        journal.append(prompt("two"))
        journal.close()
        assert read_journal(path).entries[-1].record == prompt("two")

    def test_only_what_older_versions_would_misread_says_a_newer_one(self, folder: Path) -> None:
        path = written(folder, "one")
        journal = Journal.open(path)
        told = Compacted("asked", 9, 5)
        assert journal.head is not None
        journal.append(CompactionRecord((), journal.head, told), after=journal.root)
        journal.append(prompt("two"))
        journal.close()
        assert [entry.v for entry in read_journal(path).entries][-2:] == [2, 1]
        assert not Journal.open(path).read_only

    def test_a_newer_version_opens_for_reading_only_and_stays_as_it_is(self, folder: Path) -> None:
        path = written(folder, "one")
        newer = encode_line(Entry("zz1", None, 1.0, prompt("future"), VERSION + 1))
        path.write_bytes(path.read_bytes() + newer + b"torn")
        before = path.read_bytes()
        journal = Journal.open(path)
        assert journal.read_only
        journal.close()
        assert path.read_bytes() == before


LIMITED = """
import resource, signal, sys
from pathlib import Path
from koi.core.errors import StorageError
from koi.store.journal import Journal
from tests.store.samples import SESSION, prompt
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal.create(Path(sys.argv[1]), SESSION)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
def room(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
room(100)
refused = 0
try:
    journal.append(prompt("before there is a file"))
except StorageError:
    refused += 1
assert not journal.path.exists()
room(2000)
written = []
for number in range(60):
    text = f"{number} " + "x" * 150
    try:
        journal.append(prompt(text), sync=True)
        written.append(text)
    except StorageError as error:
        assert error.hint
        refused += 1
    if number % 10 == 9:
        room(2000 + number * 200)
assert refused > 5, refused
room(hard)
journal.append(prompt("last"), sync=True)
journal.close()
from koi.store.scan import read_journal
contents = read_journal(journal.path)
assert contents.damage == (), contents.damage
found = [entry.record.message.text for entry in contents.entries[1:]]
assert found == [*written, "last"], found
ids = [entry.id for entry in contents.entries]
assert [entry.parent for entry in contents.entries] == [None, *ids[:-1]]
"""


def test_a_disk_that_is_full_for_a_while_damages_nothing(folder: Path) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(folder)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(root / "app"), str(root)))},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "fdatasync"), reason="fdatasync is not used here")
def test_bytes_that_a_failed_sync_may_have_dropped_are_written_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal.create(folder, SESSION)
    journal.append(prompt("one"), sync=True)
    before = journal.path.stat().st_size
    journal.append(prompt("two"))

    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as faulty:
        faulty.setattr(os, "fdatasync", fail)
        with pytest.raises(StorageError, match="Input/output error"):
            journal.sync()
    size = journal.path.stat().st_size
    with journal.path.open("r+b") as file:  # what the system forgot
        file.seek(before)
        file.write(bytes(size - before))
    journal.append(prompt("three"), sync=True)
    journal.close()
    assert texts(journal.path) == ["one", "two", "three"]
