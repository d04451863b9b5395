"""The ring keeps both ends of any output, counts the rest exactly, and spills to a private file."""

from __future__ import annotations

import stat
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from koi.files.ring import OutputRing

pieces = st.lists(st.binary(max_size=90) | st.text("aé漢🎏\n", max_size=40).map(str.encode))


@given(pieces, st.integers(8, 60), st.integers(2, 60))
def test_head_omitted_and_tail_are_everything(chunks: list[bytes], kept: int, limit: int) -> None:
    ring = OutputRing(kept_bytes=kept)
    for chunk in chunks:
        ring.write(chunk)
    everything = b"".join(chunks)
    excerpt = ring.excerpt(limit)
    end = len(everything) - len(excerpt.tail)
    middle = everything[len(excerpt.head) : end]
    assert everything.startswith(excerpt.head)
    assert everything.endswith(excerpt.tail)
    assert excerpt.omitted_bytes == len(middle)
    assert excerpt.omitted_lines == middle.count(b"\n")
    assert len(excerpt.head) + len(excerpt.tail) <= min(kept, limit) or not excerpt.omitted_bytes


@given(st.lists(st.text("aé漢🎏\n", max_size=40)), st.integers(16, 80))
def test_text_is_cut_between_characters(texts: list[str], kept: int) -> None:
    ring = OutputRing(kept_bytes=kept)
    for text in texts:
        ring.write(text.encode())
    excerpt = ring.excerpt()
    excerpt.head.decode()
    excerpt.tail.decode()


def test_a_cut_falls_between_lines_when_there_are_lines() -> None:
    ring = OutputRing(kept_bytes=200)
    for number in range(1000):
        ring.write(b"line %d\n" % number)
    excerpt = ring.excerpt()
    assert excerpt.head.endswith(b"\n")
    assert excerpt.tail.startswith(b"line ")
    assert excerpt.tail.endswith(b"line 999\n")


def test_short_output_is_whole_and_leaves_no_file(tmp_path: Path) -> None:
    ring = OutputRing(spill_folder=tmp_path)
    ring.write(b"hello\n")
    ring.close()
    assert ring.excerpt().head == b"hello\n"
    assert list(tmp_path.iterdir()) == []


def test_long_output_is_spilled_from_its_first_byte(tmp_path: Path) -> None:
    ring = OutputRing(kept_bytes=100, spill_folder=tmp_path / "spill", spill_above=20)
    written = b"".join(b"%d\n" % number for number in range(500))
    for start in range(0, len(written), 7):
        ring.write(written[start : start + 7])
    ring.close()
    assert ring.spill_path is not None
    assert ring.spill_path.read_bytes() == written
    assert stat.S_IMODE(ring.spill_path.stat().st_mode) == 0o600
    assert ring.spill_problem == ""


def test_a_spill_file_stops_at_its_limit_and_counting_goes_on(tmp_path: Path) -> None:
    ring = OutputRing(kept_bytes=20, spill_folder=tmp_path, spill_above=10, spill_limit=50)
    for _ in range(100):
        ring.write(b"0123456789")
    ring.close()
    assert ring.spill_path is not None
    assert ring.spill_path.stat().st_size == 50
    assert "first 50 bytes" in ring.spill_problem
    assert ring.total_bytes == 1000


def test_all_spill_files_of_a_folder_share_a_limit(tmp_path: Path) -> None:
    (tmp_path / "earlier").write_bytes(b"x" * 80)
    ring = OutputRing(kept_bytes=20, spill_folder=tmp_path, spill_above=5, folder_limit=90)
    ring.write(b"y" * 100)
    assert ring.spilled_bytes == 10
    second = OutputRing(kept_bytes=20, spill_folder=tmp_path, spill_above=5, folder_limit=90)
    second.write(b"z" * 100)
    assert second.spill_path is None
    assert "limit" in second.spill_problem
    ring.close()


def test_a_folder_that_cannot_be_written_is_a_noted_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ring = OutputRing(spill_folder=tmp_path / "file", spill_above=5)
    ring.write(b"y" * 100)
    assert ring.spill_path is None
    assert "could not be saved" in ring.spill_problem
    assert ring.excerpt().head == b"y" * 100
