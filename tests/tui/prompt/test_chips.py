"""Chips: what was pasted comes out again, whatever stands around it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from koi.tui.prompt.chips import Chips, is_large

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
label_like = st.sampled_from(
    ["[Pasted text 1: 12 lines]", "[Pasted text 2", ": 3 lines]", "[", "]"]
)
around = st.lists(texts | label_like, max_size=3).map("".join)


def test_a_paste_of_more_than_ten_lines_is_large() -> None:
    assert is_large("a\n" * 11)
    assert not is_large("a\n" * 10)


def test_a_paste_of_more_than_a_thousand_characters_is_large() -> None:
    assert is_large("x" * 1_001)
    assert not is_large("x" * 1_000)


def test_a_label_says_how_much_was_pasted() -> None:
    chips = Chips()
    assert chips.add("line\n" * 120) == "[Pasted text 1: 120 lines]"
    assert chips.add("x" * 4_000) == "[Pasted text 2: 4,000 characters]"


@given(pieces=st.lists(st.tuples(around, st.lists(texts, min_size=11).map("\n".join))), end=around)
def test_every_chip_expands_to_exactly_what_was_pasted(
    pieces: list[tuple[str, str]], end: str
) -> None:
    chips = Chips()
    typed = "".join(before for before, _ in pieces) + end
    shown, meant = "", ""
    for before, pasted in pieces:
        shown += before + chips.add(pasted, typed + shown)
        meant += before + pasted
    assert chips.expand(shown + end) == meant + end


def test_pasted_text_that_looks_like_a_label_is_not_expanded_again() -> None:
    chips = Chips()
    first = chips.add("one\n" * 20)
    second = chips.add(f"{first}\n" * 20)
    assert chips.expand(second) == f"{first}\n" * 20


def test_an_unknown_label_is_plain_text() -> None:
    assert Chips().expand("[Pasted text 1: 12 lines]") == "[Pasted text 1: 12 lines]"
