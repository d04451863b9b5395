"""Output is bounded, safe, and the same however it is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from koi.view.line_store import MAX_LINE_CHARACTERS, MAX_LINES, LineStore


def test_progress_bars_overwrite_their_line() -> None:
    store = LineStore("10%\r20%\r30%")
    store.feed("\r100%\r\ndone\n")
    assert store.tail(5) == ["100%", "done"]


def test_only_the_newest_lines_are_kept() -> None:
    store = LineStore("".join(f"{number}\n" for number in range(MAX_LINES + 5)))
    assert store.dropped == 5
    assert len(store) == MAX_LINES
    assert store.tail(2) == [str(MAX_LINES + 3), str(MAX_LINES + 4)]


def test_an_endless_line_is_bounded() -> None:
    store = LineStore()
    for _ in range(1000):
        store.feed("x" * 10_000)
    assert len(store.tail(1)[0]) == MAX_LINE_CHARACTERS


def test_a_huge_chunk_is_cut_at_its_front() -> None:
    store = LineStore("a\n" * 1_000_000 + "end")
    assert store.tail(1) == ["end"]
    assert store.dropped + len(store) == 1_000_001


def test_escape_sequences_are_gone() -> None:
    store = LineStore("\x1b[3")
    store.feed("1mred\x1b[0m\n\x1b]52;c;QUJD\x07x")
    assert store.tail(2) == ["red", "x"]


@given(
    st.lists(st.sampled_from(["a", "\r", "\n", "\r\n", "é", "\x1b[1m"])).map("".join),
    st.lists(st.integers(0, 4), max_size=30),
)
def test_chunks_may_be_cut_anywhere(text: str, cuts: list[int]) -> None:
    store, at = LineStore(), 0
    for size in cuts:
        store.feed(text[at : at + size])
        at += size
    store.feed(text[at:])
    assert store.tail(100) == LineStore(text).tail(100)
