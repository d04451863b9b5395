"""Codes, QR codes and numbers as connecting shows them."""

from __future__ import annotations

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from koi.view.connecting import ROWS, big_code, countdown, models_text, spaced, validity
from koi.view.qr import QUIET, qr_lines

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"


@given(st.text(ALPHABET, min_size=1, max_size=12))
def test_every_code_has_block_letters_of_one_width(code: str) -> None:
    rows = big_code(code)
    assert len(rows) == ROWS
    assert len({len(row) for row in rows}) == 1


def test_no_two_letters_look_alike() -> None:
    assert len({tuple(big_code(letter)) for letter in ALPHABET}) == len(ALPHABET)


@pytest.mark.parametrize("code", ["", "AB_CD", "ÄB"])
def test_a_code_with_other_signs_has_none(code: str) -> None:
    assert big_code(code) == []


def test_spaced_letters_keep_the_dash() -> None:
    assert spaced("AB-CD") == "A B - C D"


@pytest.mark.parametrize(
    "url", ["https://github.com/login/device", "https://example.com/" + "x" * 90]
)
def test_a_qr_code_is_drawn_module_by_module(url: str) -> None:
    modules = [[bool(module) for module in row] for row in segno.make(url, micro=False).matrix]
    halves = {"█": (False, False), "▀": (False, True), "▄": (True, False), " ": (True, True)}
    drawn: list[list[bool]] = []
    for line in qr_lines(modules):
        pairs = [halves[block] for block in line.text]
        drawn += [[upper for upper, _ in pairs], [lower for _, lower in pairs]]
    inner = [row[QUIET:-QUIET] for row in drawn[QUIET : QUIET + len(modules)]]
    assert inner == modules
    assert not any(any(row) for row in drawn[:QUIET])


@pytest.mark.parametrize(("seconds", "words"), [(899.9, "14:59"), (60, "1:00"), (-3, "0:00")])
def test_the_time_that_is_left(seconds: float, words: str) -> None:
    assert countdown(seconds) == words


@pytest.mark.parametrize(
    ("models", "words"),
    [
        ((), "no list of models"),
        (("a",), "1 model: a"),
        (("a", "b"), "2 models: a, b"),
        (("a", "b", "c", "d"), "4 models: a, b, c and 1 more"),
    ],
)
def test_models_are_counted_and_named(models: tuple[str, ...], words: str) -> None:
    assert models_text(models) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(900, "15 minutes"), (60, "1 minute"), (20, "less than a minute")]
)
def test_how_long_a_code_is_valid(seconds: float, words: str) -> None:
    assert validity(seconds) == words
