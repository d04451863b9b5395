"""The thumb of a scroll bar."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from koi.tui.scroll_bar import PlainBar, thumb_rows


def test_nothing_to_scroll_shows_no_thumb() -> None:
    assert thumb_rows(10, 5, 10, 0) == (0, 0)


def test_the_thumb_is_at_the_top_at_first_and_at_the_bottom_at_last() -> None:
    assert thumb_rows(10, 100, 10, 0) == (0, 1)
    assert thumb_rows(10, 100, 10, 90) == (9, 10)
    assert thumb_rows(10, 20, 10, 5) == (2, 7)


@given(st.integers(1, 100), st.integers(1, 10_000), st.integers(0, 10_000))
def test_the_bar_is_as_long_as_the_window(size: int, virtual: int, position: int) -> None:
    start, end = thumb_rows(size, virtual, size, position)
    assert 0 <= start <= end <= size
    bar = PlainBar.render_bar(size, virtual, size, position)
    assert len(bar.segments) == size
