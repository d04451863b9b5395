"""Nothing that a terminal would obey gets through, and nothing that people need is lost."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.view.safe_text import SafeStream, SafeText, safe, visible

HOSTILE = [
    "\x1b",
    "\x1b[",
    "\x1b[31m",
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x1b]52;c;QUJD\x1b\\",
    "\x1b]8;;https://a.b\x1b\\",
    "\x1bP1$r0m\x1b\\",
    "\x1b_apc\x1b\\",
    "\x1b]unterminated",
    "\x1b(B",
    "\x1bc",
    "\x9b31m",
    "\x9d0;x\x9c",
    "\x90q\x9c",
    "\x07",
    "\x08",
    "\x00",
    "\x7f",
    "\x85",
    "\r",
    "\r\n",
    "\n",
    "\t",
    "\u2028",
    "\u202e",
    "\u2066",
    "\u200b",
    "\ufeff",
    "\ud83d",
    "\udc00",
    "\U000e0041",
    "\u200d",
    "\ufe0f",
    "e\u0301",
    "👩\u200d👧",
    "word ",
    "[0m",
    "m",
    "\\",
]
hostile_text = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=4))).map("".join)
ALLOWED_FORMAT = set("\u200c\u200d")


def is_clean(text: str) -> bool:
    for char in text:
        category = unicodedata.category(char)
        if category in ("Cs", "Zl", "Zp") or (category == "Cc" and char not in "\n\t"):
            return False
        if unicodedata.bidirectional(char) in (
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
        ):  # fmt: skip
            return False
    return True


@given(hostile_text)
def test_no_control_or_bidi_character_is_left(text: str) -> None:
    assert is_clean(safe(text))


@given(hostile_text)
def test_one_line_has_no_line_ends_or_tabs(text: str) -> None:
    line = safe(text, keep_newlines=False)
    assert is_clean(line)
    assert "\n" not in line
    assert "\t" not in line


@given(hostile_text)
def test_safe_text_is_left_alone(text: str) -> None:
    once = safe(text)
    assert safe(once) == once


@given(hostile_text, st.lists(st.integers(1, 5), max_size=60))
def test_a_stream_cut_anywhere_equals_the_whole(text: str, cuts: list[int]) -> None:
    stream = SafeStream()
    out, at = "", 0
    for size in cuts:
        out += stream.feed(text[at : at + size])
        at += size
    out += stream.feed(text[at:]) + stream.finish()
    assert out == safe(text)


@given(hostile_text)
def test_visible_text_hides_nothing(text: str) -> None:
    shown = visible(text)
    assert is_clean(shown.replace("\n", ""))
    assert not any(unicodedata.category(char) in ("Cf", "Co", "Cn") for char in shown)
    assert shown.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;evil title\x07done", "done"),
        ("\x1b]52;c;QUJD\x1b\\done", "done"),
        ("see \x1b]8;;https://a.b\x1b\\link\x1b]8;;\x1b\\", "see link"),
        ("\x1b]never ends", "␛]never ends"),
        ("bell\x07 nul\x00", "bell␇ nul␀"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("abc\u202edef\u2066", "abcdef"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("\ud83d", "\ufffd"),
        ("\x9b31mred", "red"),
        ("\x84", "\ufffd"),
        ("e\u0301 👩\u200d👩\u200d👧 ❤\ufe0f \u0645\u06cc\u200c\u062e", None),
        ("\ttab\n日本語", None),
    ],
)
def test_examples(text: str, expected: str | None) -> None:
    assert safe(text) == (text if expected is None else expected)


def test_visible_names_what_cannot_be_seen() -> None:
    assert visible("rm\u200b -rf \x1b[2K\r\u202e\u00a0\u3164\U000e0100") == (
        "rm\\u{200b} -rf \\e[2K\\r\\u{202e}\\u{00a0}\\u{3164}\\u{e0100}"
    )


def test_visible_keeps_tabs_when_asked() -> None:
    assert visible("+\tx", keep_tabs=True) == "+\tx"
    assert visible("+\tx") == "+\\tx"


def test_results_are_marked_as_safe() -> None:
    assert type(safe("x")) is SafeText
    assert type(visible("x")) is SafeText
    assert type(SafeStream().feed("x")) is SafeText
