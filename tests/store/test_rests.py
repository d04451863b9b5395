"""The file of rests: shared between processes, and robust against whatever stands in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from koi.store.rests import MAX_SIZE, MOST_ENTRIES, RestFile, SharedRest

NOW = 1_000_000.0


def rest(
    model: str = "p/m", key: str = "id", noted: float = NOW, seconds: float = 30
) -> SharedRest:
    return SharedRest(model, key, "rate_limit", noted, noted + seconds)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "rests.json"


def at(path: Path, now: float = NOW) -> RestFile:
    """The file as a process sees it that just started."""
    return RestFile(path, lambda: now)


def test_what_one_process_writes_another_one_reads(path: Path) -> None:
    at(path).add(rest())
    assert at(path).news() == (rest(),)


def test_nothing_is_read_again_until_the_file_changes(path: Path) -> None:
    reader, writer = at(path), at(path)
    assert reader.news() is None
    writer.add(rest())
    assert reader.news() == (rest(),)
    assert reader.news() is None
    writer.add(rest("p/other"))
    assert reader.news() == (rest(), rest("p/other"))


def test_a_rest_that_is_over_is_not_told_and_goes_with_the_next_change(path: Path) -> None:
    at(path).add(rest())
    assert at(path, NOW + 31).news() == ()
    at(path, NOW + 31).add(rest("p/new", noted=NOW + 31))
    assert at(path, NOW + 31).news() == (rest("p/new", noted=NOW + 31),)
    assert b"p/m" not in path.read_bytes()


def test_a_clock_that_was_set_back_makes_a_rest_end_by_the_new_one(path: Path) -> None:
    at(path, NOW + 86_400).add(rest(noted=NOW + 86_400))
    assert at(path, NOW).news() == (rest(),)
    assert at(path, NOW + 10).news() == (rest(),)
    assert at(path, NOW + 31).news() == ()


def test_the_later_deadline_of_the_same_key_stays(path: Path) -> None:
    at(path).add(rest(seconds=90), rest(seconds=30))
    at(path).add(rest(seconds=60))
    assert at(path).news() == (rest(seconds=90),)


def test_a_clock_that_was_set_back_makes_no_rest_longer(path: Path) -> None:
    at(path).add(rest(seconds=30))
    (found,) = at(path, NOW - 7200).news() or ()
    assert found.seconds_left(NOW - 7200) == 30


def test_thousands_of_entries_are_pruned(path: Path) -> None:
    file = at(path)
    file.add(*(rest(f"p/{number}", seconds=number + 1) for number in range(3000)))
    found = file.news() or ()
    assert len(found) == MOST_ENTRIES
    assert found[-1].model == "p/2999"


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\x00" * 50,
        b"[]",
        b"null",
        b'{"version": 1, "rests": [{"model": 3}]}',
        b'{"version": "1"}',
        b"[" * 100_000,
        b'{"version":1,"rests":[' + b" " * MAX_SIZE + b"]}",
        "{\ud800".encode("utf-8", "surrogatepass"),
    ],
)
def test_damage_is_ignored_and_mended(path: Path, damage: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(damage)
    assert at(path).news() == ()
    at(path).add(rest())
    assert at(path).news() == (rest(),)


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_content_breaks_it(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    assert at(path).news() == ()


def test_a_file_of_a_later_koi_is_left_alone(path: Path) -> None:
    later = b'{"version":2,"rests":{"whatever":true}}'
    path.parent.mkdir()
    path.write_bytes(later)
    assert at(path).news() == ()
    at(path).add(rest())
    assert path.read_bytes() == later


def test_a_file_that_cannot_be_written_is_no_loss(path: Path) -> None:
    path.parent.write_text("a file where the folder should be")
    at(path).add(rest())
    assert at(path).news() is None


def test_clearing_forgets_all(path: Path) -> None:
    file = at(path)
    file.clear()
    assert not path.exists()
    file.add(rest())
    file.clear()
    assert at(path).news() == ()


def test_only_this_user_can_read_it(path: Path) -> None:
    at(path).add(rest())
    assert path.stat().st_mode & 0o777 == 0o600


def test_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from koi.store.rests import RestFile, SharedRest\n"
        "file = RestFile(Path(sys.argv[1]))\n"
        "import time; now = time.time()\n"
        "for n in range(10):\n"
        "    file.add(SharedRest(f'p/{sys.argv[2]}-{n}', '', 'billing', now, now + 600))\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(path), str(number)])
        for number in range(3)
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert len(RestFile(path).news() or ()) == 30
    left = sorted(name for name in os.listdir(path.parent))
    assert left == ["rests.json", "rests.lock"]


def test_it_holds_ids_and_times_only(path: Path) -> None:
    at(path).add(rest())
    content = msgspec.json.decode(path.read_bytes())
    assert set(content["rests"][0]) == {"model", "key", "kind", "noted", "until"}
