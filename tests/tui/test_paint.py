"""Lines become strips of an exact width, and updates stay narrow."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from koi.tui.paint import Painter, changed_cells
from koi.view.line import Face, Line

spans = st.lists(
    st.tuples(st.text(alphabet="ab é日👍", max_size=6), st.sampled_from([Face(), Face("code")])),
    max_size=5,
)
lines = spans.map(lambda parts: Line(tuple(parts)))
PAINTER = Painter(Style.null())


@given(lines, st.integers(1, 40))
def test_a_strip_has_exactly_the_width(line: Line, width: int) -> None:
    strip = PAINTER.strip(line, width)
    assert strip.cell_length == width
    assert sum(segment.cell_length for segment in strip) == width


@given(lines, lines)
def test_outside_the_changed_cells_strips_are_equal(one: Line, two: Line) -> None:
    before, after = PAINTER.strip(one, 20), PAINTER.strip(two, 20)
    span = changed_cells(before, after)
    left, right = span or (20, 20)
    assert before.crop(0, left).text == after.crop(0, left).text
    if span is None:
        assert before.text == after.text
    assert before.crop(right, 20).text == after.crop(right, 20).text


def test_a_word_at_the_end_changes_its_own_cells_only() -> None:
    before = PAINTER.strip(Line((("some words", Face()),)), 40)
    after = PAINTER.strip(Line((("some words more", Face()),)), 40)
    assert changed_cells(before, after) == (10, 15)


def test_a_token_kind_falls_back_to_its_family() -> None:
    assert PAINTER.style(Face("tok:s2")) == PAINTER.style(Face("tok:s"))
    assert PAINTER.style(Face("tok:")) == Style.null()


def test_marks_lie_over_the_spans() -> None:
    line = Line((("abc", Face("code")), ("def", Face())))
    strip = PAINTER.strip(line, 8, [(2, 4, Style(reverse=True))])
    assert [(s.text, bool(s.style and s.style.reverse)) for s in strip] == [
        ("ab", False), ("c", True), ("d", True), ("ef", False), ("  ", False),
    ]  # fmt: skip


def test_without_colour_there_are_none() -> None:
    painter = Painter(Style.null(), colour=False)
    kinds = ("accent", "ok", "warn", "error", "code", "diff_add", "h1", "tok:k", "muted", "link")
    assert all(painter.style(Face(kind)).color is None for kind in kinds)


def test_an_action_is_no_link_for_the_terminal() -> None:
    assert PAINTER.style(Face("", "", "koi:fold")).link is None
    assert PAINTER.style(Face("", "", "https://a.b")).link == "https://a.b"
