"""Results are quoted so that nothing in them can end the quotation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.providers.demo.plays import Call, Outcome, OutcomeState
from koi.providers.demo.sentences import code, count, failure, fence, language, some, table


@given(st.lists(st.text(alphabet="`a \n", max_size=20), max_size=6))
def test_no_line_closes_the_fence_around_it(lines: list[str]) -> None:
    flat = [line.replace("\n", " ") for line in lines]
    block = fence(flat).split("\n")
    assert block[0] == block[-1]
    assert all(block[0] not in line for line in block[1:-1])


def test_a_long_result_says_how_much_is_left() -> None:
    assert fence(["x"] * 20).endswith("(8 lines after these.)")
    assert fence(["x"] * 13, last=True).endswith("(1 line before these.)")


@pytest.mark.parametrize(
    ("text", "quoted"), [("a", "`a`"), ("a`b", "`` a`b ``"), ("a\nb", "`a b`"), ("", "` `")]
)
def test_inline_code_holds_any_text(text: str, quoted: str) -> None:
    assert code(text) == quoted


def test_counts_are_grammatical() -> None:
    assert [count(number, "match") for number in (0, 1, 2)] == [
        "no matches",
        "1 match",
        "2 matches",
    ]


def test_a_table_keeps_bars_inside_cells() -> None:
    assert table(("a",), [("x|y",)]) == "| a |\n| --- |\n| x\\|y |"


def test_few_names_stand_for_many() -> None:
    assert some(["a", "b", "c"], 2) == "`a`, `b` and 1 more"


@pytest.mark.parametrize(
    ("path", "name"), [("a.py", "python"), ("x/y.toml", "toml"), ("Makefile", ""), (".env", "")]
)
def test_the_extension_names_the_language(path: str, name: str) -> None:
    assert language(path) == name


@pytest.mark.parametrize(
    ("state", "content", "told"),
    [
        ("denied", "Denied by the user. Ask.", "You said no to `bash`"),
        ("denied", "Denied: nobody can be asked in this run.", "`--allow RULE`"),
        ("denied", "Denied: plan mode only reads.", "Denied: plan mode only reads."),
        ("interrupted", "Interrupted by the user while it ran.", "was interrupted"),
        ("missing", "", "offers me no `bash` tool"),
        ("failed", "no such folder\nmore", "`bash` failed: no such folder"),
        ("failed", "", "it gave no reason"),
    ],
)
def test_a_failure_is_told_as_it_was(state: OutcomeState, content: str, told: str) -> None:
    assert told in failure(Outcome(Call("bash", {}), state, content))
