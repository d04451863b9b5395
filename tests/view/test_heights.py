"""Rows and items find each other, whatever changes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from koi.view.heights import Heights


@given(
    st.lists(st.integers(1, 9), max_size=30),
    st.lists(st.integers(1, 9), max_size=10),
    st.lists(st.tuples(st.integers(0, 100), st.integers(1, 9)), max_size=10),
)
def test_heights_agree_with_plain_sums(
    start: list[int], more: list[int], changes: list[tuple[int, int]]
) -> None:
    heights = Heights(start)
    plain = list(start)
    for value in more:
        heights.append(value)
        plain.append(value)
    for place, value in changes:
        if plain:
            index = place % len(plain)
            assert heights.set(index, value) == value - plain[index]
            plain[index] = value
    assert heights.total == sum(plain)
    assert [heights.before(index) for index in range(len(plain))] == [
        sum(plain[:index]) for index in range(len(plain))
    ]
    rows = [(index, row) for index, value in enumerate(plain) for row in range(value)]
    assert [heights.find(row) for row in range(len(rows))] == rows
