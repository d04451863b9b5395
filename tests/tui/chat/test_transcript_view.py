"""Following, scrolling, selection and copy, folds, links, resize, and what a token costs."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.geometry import Region

from koi.view.items.answer import Answer
from koi.view.items.reasoning import Reasoning
from koi.view.transcript import Transcript
from tests.tui.chat.small_app import Running, Small
from tests.tui.settling import settled


def row_with(running: Running, text: str) -> int:
    """The first row on the screen that holds a text."""
    return next(y for y, row in enumerate(running.rows) if text in row)


async def test_it_follows_the_end_until_the_person_scrolls_up(running: Running) -> None:
    answer = running.stream()
    for number in range(30):
        running.feed(answer, f"line {number}\n\n")
    await running.pause()
    assert any("line 29" in row for row in running.rows)
    running.view.scroll_page_up(animate=False)
    await running.pause()
    before = running.rows
    for number in range(30, 40):
        running.feed(answer, f"line {number}\n\n")
    await running.pause()
    assert running.rows == before
    running.view.scroll_end(animate=False)
    await running.pause()
    assert any("line 39" in row for row in running.rows)
    running.feed(answer, "line 40\n\n")
    assert any("line 40" in row for row in running.rows)


async def test_each_step_up_moves_the_screen_by_one_row(running: Running) -> None:
    for _ in range(60):
        before = running.rows
        running.view.scroll_relative(y=-1, animate=False)
        await running.pause()
        assert running.rows[1:] == before[:-1]


async def test_at_rest_the_last_line_is_at_the_bottom(running: Running) -> None:
    answer = running.stream()
    for number in range(9):
        running.feed(answer, f"line {number}\n\n")
    answer.finish()
    running.view.come_to_rest()
    assert running.rows[-1] == "     line 8"


async def test_selected_text_is_copied_as_it_was_written(running: Running) -> None:
    view, pilot = running.view, running.pilot
    view.scroll_home(animate=False)
    await running.pause()
    start, end = row_with(running, "Message 0"), row_with(running, "two")
    await pilot.mouse_down(view, offset=(0, start))
    await pilot.hover(view, offset=(10, start + 1))
    await pilot.hover(view, offset=(10, end))
    await pilot.mouse_up(view, offset=(10, end))
    await running.pause()
    text = running.app.screen.get_selected_text()
    assert text == (
        "Message 0. Hello bold world, this is a paragraph that is long enough to wrap at forty "
        "cells.\n\none\ntwo"
    )
    view.scroll_end(animate=False)
    await running.pause()
    assert running.app.screen.get_selected_text() == text


async def test_a_double_click_selects_one_entry(running: Running) -> None:
    running.view.scroll_home(animate=False)
    await running.pause()
    await running.pilot.click(running.view, offset=(8, 2), times=2)
    await running.pause()
    text = running.app.screen.get_selected_text() or ""
    assert "Message 0." in text
    assert "two" in text
    assert "Message 1" not in text


async def test_dragging_below_the_edge_scrolls(running: Running) -> None:
    view = running.view
    view.scroll_home(animate=False)
    await running.pause()
    await running.pilot.mouse_down(view, offset=(6, 1))
    await running.pilot.hover(view, offset=(8, 10))
    running.app.screen._start_auto_scroll(view, 1, 1.0)  # what a drag to the edge starts
    await running.pilot.pause(0.5)
    assert view.scroll_y > 0
    await running.pilot.hover(view, offset=(9, 12))
    assert len((running.app.screen.get_selected_text() or "").splitlines()) > 6
    running.app.screen._stop_auto_scroll()


async def test_a_click_on_its_head_unfolds_a_card_in_place(running: Running) -> None:
    y = row_with(running, "✓ bash")
    await running.pilot.click(running.view, offset=(9, y))
    await running.pause()
    y = row_with(running, "▾")
    assert running.rows[y + 1 : y + 4] == ["     │ a", "     │ b", "     │ c"]


async def test_the_newest_entry_can_be_folded_by_key(running: Running) -> None:
    assert running.view.toggle_newest()
    assert any("▾" in row for row in running.rows)
    assert running.view.toggle_newest()
    assert not any("▾" in row for row in running.rows)


async def resized(running: Running, width: int) -> None:
    await running.pilot.resize_terminal(width, 20)
    await settled(
        running.pilot,
        lambda: {strip.cell_length for strip in running.view._strips} == {width - 1},
    )


async def test_a_resize_keeps_the_place(running: Running) -> None:
    running.view.scroll_to(y=running.view.transcript.row((10, 0)), animate=False)
    await running.pause()
    for width in (60, 30, 42):
        await resized(running, width)
        assert "Message 5" in "".join(running.rows[:3])


async def test_a_cleared_transcript_shows_nothing_and_follows_again(running: Running) -> None:
    running.view.scroll_home(animate=False)
    await running.pause()
    running.view.transcript.clear()
    running.view.update()
    assert not any(running.rows)
    running.view.transcript.add(Answer(cell_len, "new"))
    running.view.update()
    assert running.rows[0] == "koi  new"
    assert running.view.follow


async def test_a_click_on_an_address_is_passed_on(running: Running) -> None:
    running.view.transcript.add(Answer(cell_len, "see https://example.com/x"))
    running.view.update()
    await running.pause()
    await running.pilot.click(running.view, offset=(12, row_with(running, "https")))
    await running.pause()
    assert running.app.links == ["https://example.com/x"]


async def test_long_code_gets_its_colours_without_a_timer(running: Running) -> None:
    code = "```python\n" + "return 1\n" * 300 + "```"
    running.view.transcript.add(Answer(cell_len, code))
    running.view.update()
    transcript = running.view.transcript
    last = len(transcript.items) - 1
    for _ in range(50):
        await running.pause()
        if not transcript.colourless(last, last):
            break
    styles = {str(seg.style) for seg in running.view._strips[5] if "return" in seg.text}
    assert styles == {"magenta"}


@pytest.mark.parametrize("kind", ["answer", "reasoning"])
async def test_a_token_repaints_one_row_and_asks_for_no_layout(
    running: Running, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    view = running.view
    item = Answer(cell_len) if kind == "answer" else Reasoning(cell_len)
    view.transcript.add(item)
    item.append("start ")
    view.update()
    await running.pause()
    painted: list[tuple[Region, ...]] = []
    layouts: list[object] = []
    refresh = view.refresh

    def counted(*regions: Region, **options: bool) -> object:
        painted.append(regions)
        layouts.append(options.get("layout"))
        return refresh(*regions, **options)

    monkeypatch.setattr(view, "refresh", counted)
    for word in ("more ", "and ", "more"):
        item.append(word)
        view.update()
    assert [len(regions) for regions in painted] == [1, 1, 1]
    assert all(regions[0].height == 1 for regions in painted)
    assert painted[1][0].width <= 6
    assert not any(layouts)
    assert not running.app.screen._layout_required


async def test_the_number_of_widgets_does_not_grow(running: Running) -> None:
    before = len(list(running.app.screen.walk_children()))
    for index in range(500):
        running.view.transcript.add(Answer(cell_len, f"more {index}"))
    running.view.update()
    await running.pause()
    assert len(list(running.app.screen.walk_children())) == before


async def test_with_no_color_nothing_is_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    transcript = Transcript()
    transcript.add(Answer(cell_len, "# Head\n\n`code` and **bold**\n\n```python\nreturn 1\n```"))
    app = Small(transcript)
    async with app.run_test(size=(42, 20)) as pilot:
        await pilot.pause()
        styles = [seg.style for strip in app.view._strips for seg in strip if seg.style]
        assert all(style.color is None and style.bgcolor is None for style in styles)
        assert any(style.bold for style in styles)


async def test_the_end_of_a_drag_is_no_click(running: Running) -> None:
    row = row_with(running, "▸")
    before = list(running.rows)
    await running.pilot.mouse_down(running.view, offset=(6, row - 1))
    await running.pilot.hover(running.view, offset=(8, row))
    await running.pilot.mouse_up(running.view, offset=(8, row))
    await running.pause()
    assert running.rows == before


async def test_another_height_leaves_no_blank_rows_below(running: Running) -> None:
    answer = running.stream()
    running.feed(answer, "line\n\n" * 30)
    await running.pause()
    await running.pilot.resize_terminal(42, 14)
    await settled(running.pilot, lambda: running.view.size.height < 20 and len(running.rows) < 20)
    assert running.rows[-1].strip() == "line"
