"""Numbers as people read them."""

from __future__ import annotations

import pytest

from koi.core.usage import Cost
from koi.view.units import age, dollars, duration, tokens, total


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (1.23, "1.2 s"), (12, "12 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_ages_count_in_whole_seconds() -> None:
    assert [age(0.9), age(9.99), age(61)] == ["0 s", "9 s", "1 min 01 s"]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (999, "999"),
        (4100, "4.1k"),
        (38_000, "38k"),
        (999_800, "1.0M"),
        (12_300_000, "12M"),
    ],
)
def test_tokens(count: int, text: str) -> None:
    assert tokens(count) == text


def test_an_unknown_price_is_never_zero() -> None:
    assert dollars(None) == "unknown"
    assert total(Cost(0, incomplete=True)) == "unknown"
    assert total(Cost(0.5, incomplete=True)) == "$0.500 + unknown"
    assert total(Cost()) == "$0"
    assert dollars(0.00001) == "<$0.0001"
