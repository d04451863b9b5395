"""The screens over the chat, used with keys and with the mouse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

import pytest
from textual import events
from textual.app import App
from textual.screen import Screen

from koi.core.errors import ProviderError
from koi.core.messages import Message, Text
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.core.usage import Cost
from koi.providers.live_models import ListsFailed
from koi.store.journal import Journal
from koi.store.records import PromptRecord, SessionRecord
from koi.store.sessions import SessionSummary, list_sessions
from koi.tui.keys import default_keys
from koi.tui.screens.chooser import Chooser, FilterInput, Rows
from koi.tui.screens.help import HelpScreen, help_lines
from koi.tui.screens.model_list import ModelList
from koi.tui.screens.scroll_pane import ScrollPane
from koi.tui.screens.session_list import SessionList, ago, session_line
from koi.view.line import Line

Result = TypeVar("Result")
Models: TypeAlias = AsyncGenerator[tuple[ModelInfo, ...], None]
SONNET = ModelReference("anthropic", "sonnet")
GPT = ModelReference("openai", "gpt-5")
LLAMA = ModelReference("ollama", "llama3.3")


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


# Models


async def three_models() -> Models:
    yield tuple(ModelInfo(reference) for reference in (SONNET, GPT, LLAMA))


async def test_a_model_is_chosen_with_the_arrows_and_enter() -> None:
    app = ScreenApp(ModelList(three_models, SONNET))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("down", "enter")
        assert app.results == [GPT]


async def test_the_current_model_is_marked_and_chosen_first() -> None:
    app = ScreenApp(ModelList(three_models, GPT))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert [row[:2] for row in rows(app)] == ["  ", "▸●", "  "]
        await pilot.press("enter")
        assert app.results == [GPT]


async def test_keys_that_come_at_once_keep_their_order() -> None:
    app = ScreenApp(ModelList(three_models, SONNET))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press(*"gpt")
        for key, letter in [("ctrl+u", "\x15"), ("l", "l"), ("x", "x"), ("backspace", "\x7f")]:
            app.post_message(events.Key(key, letter))
        await pilot.pause()
        assert app.screen.query_one(FilterInput).value == "l"


async def test_typing_filters_the_models() -> None:
    app = ScreenApp(ModelList(three_models, SONNET))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press(*"LLAMA oll")
        assert len(rows(app)) == 1
        await pilot.press("enter")
        assert app.results == [LLAMA]


async def test_a_model_that_is_not_in_the_list_can_be_typed() -> None:
    app = ScreenApp(ModelList(three_models, SONNET))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press(*"lab/x/y")
        assert "as typed" in rows(app)[0]
        await pilot.press("enter")
        assert app.results == [ModelReference("lab", "x/y")]


async def test_a_typed_name_that_is_in_the_list_is_the_one_chosen() -> None:
    async def models() -> Models:
        yield tuple(ModelInfo(ModelReference("p", name)) for name in ("gpt-5.2", "gpt-5"))

    app = ScreenApp(ModelList(models, SONNET))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press(*"p/gpt-5", "enter")
        assert app.results == [ModelReference("p", "gpt-5")]


async def test_escape_goes_back_without_a_choice() -> None:
    app = ScreenApp(ModelList(three_models, SONNET))
    async with app.run_test() as pilot:
        await pilot.press("escape")
        assert app.results == [None]


async def test_a_click_chooses_a_model() -> None:
    app = ScreenApp(ModelList(three_models, SONNET))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.click(Rows, offset=(6, 2))
        assert app.results == [LLAMA]


async def test_the_current_model_is_there_before_the_providers_answer() -> None:
    answer = asyncio.Event()

    async def slow() -> Models:
        await answer.wait()
        async for models in three_models():
            yield models

    app = ScreenApp(ModelList(slow, SONNET))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert [row.split()[1] for row in rows(app)] == ["anthropic/sonnet", "the"]
        answer.set()
        await pilot.pause()
        assert len(rows(app)) == 3


async def test_one_provider_without_a_list_is_told_below_those_of_the_others() -> None:
    async def without_one() -> Models:
        async for models in three_models():
            yield models
        raise ProviderError("no list from lab: refused", kind="network", hint="Known are shown.")

    app = ScreenApp(ModelList(without_one, SONNET))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert len(rows(app)) == 4
        assert rows(app)[-1] == " no list from lab: refused. Known are shown."
        await pilot.press(*"gpt5x")
        assert rows(app)[-1] == " did you mean one of these?"


async def test_a_failure_to_list_models_is_told_and_a_name_can_still_be_typed() -> None:
    async def broken() -> Models:
        yield ()
        raise ProviderError("p does not answer", kind="network", hint="Is it on?")

    app = ScreenApp(ModelList(broken, SONNET))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert rows(app)[-1] == " p does not answer. Is it on?"
        await pilot.press(*"a/b", "enter")
        assert app.results == [ModelReference("a", "b")]


async def test_who_gave_no_list_is_named_and_why_once_the_filter_names_it() -> None:
    async def two_fail() -> Models:
        yield (ModelInfo(ModelReference("oai", "m")), ModelInfo(ModelReference("here", "m")))
        raise ListsFailed({"oai": "127.0.0.1:9 refuses connections " * 4, "gone": "no such host"})

    app = ScreenApp(ModelList(two_fail, SONNET))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert rows(app)[-1] == " no list from oai, gone"
        await pilot.press(*"oai/m")
        assert rows(app)[-1].startswith(" no list from oai: 127.0.0.1:9 refuses connections")
        assert rows(app)[-1].endswith("…")
        await pilot.press(*["backspace"] * 5, *"here/m")
        assert "no list" not in "".join(rows(app))


async def test_the_current_model_keeps_what_an_earlier_list_said_of_it() -> None:
    async def forgotten() -> Models:
        yield (ModelInfo(SONNET, context_window=200_000),)
        yield (ModelInfo(GPT),)

    app = ScreenApp(ModelList(forgotten, SONNET))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "200k ctx" in "".join(rows(app))


async def test_a_paste_into_the_filter_is_one_clean_line() -> None:
    app = ScreenApp(ModelList(three_models, SONNET))
    async with app.run_test() as pilot:
        await pilot.pause()
        app.post_message(events.Paste("\x1b[31mgpt\x1b[0m\nmore"))
        await pilot.pause()
        await pilot.press("enter")
        assert app.results == [GPT]


async def test_a_long_list_scrolls_with_the_choice() -> None:
    async def many() -> Models:
        yield tuple(ModelInfo(ModelReference("p", f"m{number}")) for number in range(100))

    app = ScreenApp(ModelList(many, ModelReference("p", "m0")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("up")
        assert any("p/m99" in row for row in rows(app))
        await pilot.press("pageup", "pageup", "enter")
        chosen = app.results[0]
        assert chosen is not None
        assert chosen.model not in ("m0", "m99")


async def test_letters_of_a_name_find_a_model() -> None:
    app = ScreenApp(ModelList(three_models, SONNET))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press(*"lma33", "enter")
        assert app.results == [LLAMA]


async def test_a_misspelt_name_is_asked_back() -> None:
    app = ScreenApp(ModelList(three_models, SONNET))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press(*"sonett")
        first, note = rows(app)
        assert "anthropic/sonnet" in first
        assert "did you mean" in note


async def test_models_that_make_vectors_are_not_for_chatting() -> None:
    async def models() -> Models:
        yield (ModelInfo(GPT), ModelInfo(ModelReference("p", "vectors"), embeddings=True))

    app = ScreenApp(ModelList(models, GPT))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert len(rows(app)) == 1


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
    assert "/model [REF]" in page
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


async def test_a_chooser_says_how_to_leave_it() -> None:
    app = ScreenApp(ModelList(three_models, SONNET))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.screen.query_one(Chooser).border_subtitle == "Enter choose · Esc back"
