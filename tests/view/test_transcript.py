"""Only what is looked at is laid out, and positions stay right."""

from __future__ import annotations

from rich.cells import cell_len

from koi.view.items.answer import Answer
from koi.view.items.item import Item
from koi.view.items.prompt import Notice, Prompt
from koi.view.items.tool_card import ToolCard
from koi.view.transcript import KEEP, Transcript

TEXT = "Hello **bold** world, a paragraph that is long enough to wrap.\n\n- one\n- two\n"


def sample(count: int) -> list[Item]:
    items: list[Item] = []
    for index in range(count):
        items.append(Prompt(f"Question {index}", cell_len))
        items.append(Answer(cell_len, f"Answer {index}. {TEXT}"))
    return items


def rows(transcript: Transcript, row: int, count: int) -> list[str]:
    return [line.text for _, _, line in transcript.window(row, count)]


def test_resuming_lays_out_nothing() -> None:
    transcript = Transcript(60)
    transcript.extend(sample(5_000))
    assert all(item.width == -1 for item in transcript.items)
    transcript.settle_end(40)
    assert sum(item.width == 60 for item in transcript.items) < 30


def test_the_number_of_laid_out_items_is_bounded() -> None:
    transcript = Transcript(60)
    transcript.extend(sample(500))
    for index in range(1000):
        transcript.measure(index)
    assert sum(item.width == 60 for item in transcript.items) <= KEEP


def test_a_window_shows_consecutive_lines() -> None:
    transcript = Transcript(40)
    transcript.extend(sample(3))
    for index in range(6):
        transcript.measure(index)
    whole = rows(transcript, 0, 1000)
    assert len(whole) == transcript.rows
    assert rows(transcript, 5, 7) == whole[5:12]
    assert whole[:5] == [
        "you  Question 0",
        "",
        "koi  Answer 0. Hello bold world, a",
        "     paragraph that is long enough to",
        "     wrap.",
    ]


def test_corrections_above_do_not_move_a_position() -> None:
    transcript = Transcript(40)
    transcript.extend(sample(50))
    position = (61, 2)
    transcript.settle(position, 20)
    before = rows(transcript, transcript.row(position), 10)
    for index in range(40):
        transcript.measure(index)
    assert rows(transcript, transcript.row(position), 10) == before


def test_compact_entries_stand_together() -> None:
    transcript = Transcript(40)
    for item in (
        Prompt("x", cell_len),
        ToolCard("1", "bash", cell_len),
        ToolCard("2", "read", cell_len),
        Notice("error", "bad", cell_len),
    ):
        transcript.add(item)
    assert [item.gap for item in transcript.items] == [0, 1, 0, 1]


def test_copying_gives_the_text_without_labels_and_soft_wraps() -> None:
    transcript = Transcript(40)
    transcript.extend(sample(2))
    assert transcript.copy((1, 1, 0), (2, 1, 15)) == (
        "Answer 0. Hello bold world, a paragraph that is long enough to wrap."
        "\n\none\ntwo\n\nQuestion 1"
    )


def test_copying_leaves_out_bullets_and_bars() -> None:
    transcript = Transcript(24)
    transcript.add(Answer(cell_len, "- a list item that is wrapped\n\n> quoted"))
    assert transcript.copy(None, None) == "a list item that is wrapped\n\nquoted"
