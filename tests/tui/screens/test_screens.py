"""The screens over the chat, used with keys and with the mouse."""

from __future__ import annotations

from pathlib import Path
from typing import Generic, TypeVar

import pytest
from textual.app import App
from textual.screen import Screen

from koi.core.messages import Message, Text
from koi.core.references import ModelReference
from koi.core.usage import Cost
from koi.store.journal import Journal
from koi.store.records import PromptRecord, SessionRecord
from koi.store.sessions import SessionSummary, list_sessions
from koi.tui.keys import default_keys
from koi.tui.screens.chooser import Chooser, Rows
from koi.tui.screens.help import HelpScreen, help_lines
from koi.tui.screens.scroll_pane import ScrollPane
from koi.tui.screens.session_list import SessionList, session_line
from koi.view.line import Line
from koi.view.units import ago

Result = TypeVar("Result")
SONNET = ModelReference("anthropic", "sonnet")


class ScreenApp(App[None], Generic[Result]):
    """One screen and what it was left with."""

    def __init__(self, screen: Screen[Result]) -> None:
        super().__init__()
        self.shown_first = screen
        self.results: list[Result | None] = []

    def on_mount(self) -> None:
        self.push_screen(self.shown_first, self.results.append)


def rows(app: App[None]) -> list[str]:
    pane = app.screen.query_one(Rows)
    lines = [pane.line_at(y) for y in range(pane.size.height)]
    return [line.text.rstrip() for line in lines if line is not None and line.spans]


def text(lines: list[Line]) -> str:
    return "\n".join(line.text for line in lines)


# Sessions


def session(
    title: str, cwd: str = "/here", *, updated: float = 0.0, turns: int = 2
) -> SessionSummary:
    return SessionSummary(
        f"id-{title}", Path(f"/s/{title}.jsonl"), title, cwd, SONNET, "ask", 0.0, updated, turns,
        Cost(0.25), 1_000, 0,
    )  # fmt: skip


async def test_an_empty_folder_has_no_sessions_to_choose(tmp_path: Path) -> None:
    app = ScreenApp(SessionList(tmp_path, tmp_path))
    async with app.run_test() as pilot:
        await app.screen.workers.wait_for_complete()
        await pilot.pause()
        assert rows(app) == [" there are no sessions yet"]
        await pilot.press("enter", "escape")
        assert app.results == [None]


async def test_sessions_of_this_folder_come_first(tmp_path: Path) -> None:
    for cwd, title in (("/here", "older"), ("/there", "elsewhere"), ("/here", "newer")):
        journal = Journal.create(tmp_path, SessionRecord(SONNET, cwd, "0.1.0", "ask"))
        journal.append(PromptRecord(Message("user", (Text(title),)), "t1"))
        journal.close()
    app = ScreenApp(SessionList(tmp_path, Path("/here")))
    async with app.run_test() as pilot:
        await app.screen.workers.wait_for_complete()
        await pilot.pause()
        titles = [row.strip("▸ ").split()[0] for row in rows(app)]
        assert (sorted(titles[:2]), titles[2]) == (["newer", "older"], "elsewhere")
        await pilot.press(*"elsewh", "enter")
        [chosen] = [each.id for each in list_sessions(tmp_path) if each.cwd == "/there"]
        assert app.results == [chosen]


def test_a_session_shows_its_title_age_turns_and_cost() -> None:
    line = session_line(session("fix it"), "/here", 7_200.0, 60).text
    assert line.startswith("  fix it ")
    assert line.endswith(" 2 h ago · 2 turns · $0.250 ")


def test_a_session_of_another_folder_names_it() -> None:
    assert "/there" in session_line(session("fix it", "/there"), "/here", 0.0, 60).text


def test_a_hostile_title_cannot_reach_the_terminal() -> None:
    line = session_line(session("a\x1b[2Jb\nc\u202e"), "/here", 0.0, 60).text
    assert line.startswith("  ab c ")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "just now"), (90, "1 min ago"), (7_300, "2 h ago"), (200_000, "2 d ago")],
)
def test_ages_are_told_in_one_unit(seconds: float, words: str) -> None:
    assert ago(seconds) == words


# Help


def test_the_help_shows_the_persons_keys_and_every_command() -> None:
    page = text(list(help_lines(default_keys() | {"help": "f2"}, 80)))
    assert "F2" in page
    assert "/model [ROLE] [REF]" in page
    assert "Mark the model as a favourite" in page
    assert "(also /quit, /q)" in page


async def test_the_help_scrolls_and_closes() -> None:
    app = ScreenApp(HelpScreen(default_keys()))
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        pane = app.screen.query_one(ScrollPane)
        first = pane.line_at(0)
        assert first is not None
        assert first.text == "Keys"
        await pilot.press("end")
        last = pane.line_at(pane.size.height - 1)
        assert last is not None
        assert last.text.endswith("koi")
        await pilot.press("escape")
        assert app.results == [None]


async def test_a_chooser_says_how_to_leave_it(tmp_path: Path) -> None:
    app = ScreenApp(SessionList(tmp_path, tmp_path))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.screen.query_one(Chooser).border_subtitle == "Enter choose · Esc back"
