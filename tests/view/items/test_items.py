"""How prompts, answers, reasoning, tool cards and notices look."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from koi.view.items.answer import Answer
from koi.view.items.item import Item
from koi.view.items.prompt import Notice, Prompt
from koi.view.items.reasoning import Reasoning
from koi.view.items.tool_card import ToolCard, with_result
from koi.view.line import cells
from koi.view.safe_text import safe

DIFF = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n"


def shown(item: Item, width: int = 50) -> list[str]:
    height = item.layout(width)
    lines = [item.line(index) for index in range(height)]
    assert all(cells(line.spans, cell_len) <= width for line in lines)
    return [line.text.rstrip() for line in lines]


def test_a_prompt_is_literal() -> None:
    assert shown(Prompt("fix *this*\n  and `that`\x1b[31m", cell_len)) == [
        "you  fix *this*",
        "     and `that`",
    ]


def test_an_answer_streams_markdown_beside_its_label() -> None:
    answer = Answer(cell_len)
    assert shown(answer) == ["koi"]
    for piece in ("Hel", "lo **wor", "ld**\n\n- one"):
        answer.append(piece)
    assert shown(answer) == ["koi  Hello world", "", "     • one"]
    answer.finish()
    assert shown(answer) == ["koi  Hello world", "", "     • one"]
    assert not answer.open


def test_an_escape_sequence_cut_in_two_does_not_reach_the_lines() -> None:
    answer = Answer(cell_len)
    answer.append("a\x1b[3")
    answer.append("1mb")
    assert shown(answer) == ["koi  ab"]
    assert answer.source == "ab"


def test_a_finished_answer_does_not_grow() -> None:
    with pytest.raises(ValueError, match="does not grow"):
        Answer(cell_len, "x").append("y")


def test_a_discarded_answer_is_folded_and_can_be_read() -> None:
    answer = Answer(cell_len)
    answer.append("half a sen")
    answer.discard("cut off after 3 words; asked again")
    assert shown(answer) == ["     ▸ cut off after 3 words; asked again"]
    assert answer.click(0)
    assert shown(answer) == ["     ▾ cut off after 3 words; asked again", "koi  half a sen"]


def test_releasing_an_answer_keeps_its_text() -> None:
    answer = Answer(cell_len, "**text**")
    before = shown(answer)
    answer.release()
    assert shown(answer) == before


def test_reasoning_is_one_line_that_opens() -> None:
    reasoning = Reasoning(cell_len)
    reasoning.append("First I look at\nthe fix")
    reasoning.append("ture")
    assert shown(reasoning) == ["     ▸ thinking  the fixture"]
    reasoning.finish(4.2)
    assert shown(reasoning) == ["     ▸ thought  6 words, 4.2 s"]
    assert reasoning.click(0)
    assert shown(reasoning) == [
        "     ▾ thought  6 words, 4.2 s",
        "     │ First I look at",
        "     │ the fixture",
    ]


@pytest.mark.parametrize(
    ("pieces", "latest"),
    [
        (("one\n", "\n"), "one"),
        (("one\n", "two"), "two"),
        (("one\ntwo\n", " ", "three"), "three"),
        (("x" * 32, "y"), "…y"),
    ],
)
def test_the_head_of_reasoning_shows_the_latest_words(pieces: tuple[str, ...], latest: str) -> None:
    reasoning = Reasoning(cell_len)
    for piece in pieces:
        reasoning.append(piece)
    assert shown(reasoning) == [f"     ▸ thinking  {latest}"]


def test_unfolded_reasoning_goes_on_streaming() -> None:
    reasoning = Reasoning(cell_len)
    reasoning.append("one ")
    shown(reasoning)
    reasoning.click(0)
    shown(reasoning)
    reasoning.append("tw")
    reasoning.append("o\nthree")
    assert shown(reasoning) == ["     ▾ thinking", "     │ one two", "     │ three"]


def card() -> ToolCard:
    item = ToolCard("1", "bash", cell_len)
    item.plan("pytest -q", "running")
    return item


def test_a_running_call_is_one_line() -> None:
    assert shown(card()) == ["     ● bash  pytest -q"]


def test_a_finished_read_hides_its_output_until_it_is_unfolded() -> None:
    item = card()
    item.finish("ok", "", "one\ntwo\n", "", 1.23)
    assert shown(item) == ["     ✓ bash  pytest -q  1.2 s · ▸ 2 lines"]
    assert item.click(0)
    assert shown(item) == ["     ✓ bash  pytest -q  1.2 s · ▾", "     │ one", "     │ two"]


def test_a_command_that_printed_shows_the_front_of_its_output() -> None:
    item = card()
    item.mark_live()
    item.finish("ok", "", "\n".join("abcdefg"), "", 0.01)
    assert shown(item)[1:] == [
        "     │ a",
        "     │ b",
        "     │ c",
        "     │ d",
        "     │ … 3 more lines",
    ]


def test_a_failure_says_so_in_words() -> None:
    item = card()
    item.finish("failed", "", "exit status 1", "", None)
    assert shown(item) == ["     ✗ bash  pytest -q  failed", "     │ exit status 1"]


def test_a_result_that_the_summary_says_already_is_not_said_twice() -> None:
    assert with_result(safe("a.txt +1 -1"), "+1 -1") == "a.txt +1 -1"
    assert with_result(safe("a.txt"), "12 lines") == "a.txt · 12 lines"
    assert with_result(safe("a.txt (new, +1)"), "+1 -0") == "a.txt (new, +1)"
    assert with_result(safe("a.txt (new, +1)"), "+12 -0") == "a.txt (new, +1) · +12 -0"


def test_a_diff_is_shown_and_marked() -> None:
    item = card()
    item.finish("ok", "app/x  +1 -1", "edited", DIFF, None)
    assert shown(item)[0] == "     ✓ bash  pytest -q · app/x  +1 -1"
    kinds = [item.line(index).spans[-1][1].kind for index in range(2, 4)]
    assert kinds == ["diff_remove", "diff_add"]


def test_a_long_summary_gives_way() -> None:
    item = card()
    item.plan("x" * 200, "running")
    assert shown(item) == ["     ● bash  " + "x" * 36 + "…"]


def test_a_card_holds_a_bounded_part_of_a_long_output() -> None:
    item = card()
    item.finish("ok", "", "x" * 10_000 + "\n" + "line\n" * 100_000, "", None)
    item.click(0)
    lines = shown(item, 80)
    assert len(lines) < 2_100
    assert lines[-1] == "     │ … 98001 more lines"


def test_notices_say_what_and_what_to_do() -> None:
    assert shown(Notice("error", "The key was refused.", cell_len, "See koi providers.")) == [
        "     ✗ The key was refused.",
        "       See koi providers.",
    ]
    assert shown(Notice("interrupted", "interrupted", cell_len)) == ["     ■ interrupted"]
