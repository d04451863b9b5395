"""Keys that come in one go: a screen is answered once, and a question by nobody who did not read
it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.app import App
from textual.screen import Screen

from koi.core.messages import Message, Text
from koi.core.references import ModelReference
from koi.credentials.belongings import Belonging, Outside
from koi.credentials.findings import Discovery
from koi.credentials.key_check import KeyCheck
from koi.credentials.logins.events import Connected
from koi.credentials.status import ProviderStatus
from koi.credentials.targets import find_target
from koi.store.journal import Journal
from koi.store.records import PromptRecord, SessionRecord
from koi.tui.grace import ALONE_S
from koi.tui.keys import default_keys
from koi.tui.screens.attempt_log import AttemptLogScreen
from koi.tui.screens.connect.asking import Asking
from koi.tui.screens.connect.aws import AwsScreen
from koi.tui.screens.connect.choice import Choice, Option, yes_or_no
from koi.tui.screens.connect.entry import Entry
from koi.tui.screens.connect.held_list import HeldList
from koi.tui.screens.connect.key_entry import KeyEntry
from koi.tui.screens.connect.local import LocalScreen
from koi.tui.screens.connect.login import LoginScreen
from koi.tui.screens.connect.pick import Pick
from koi.tui.screens.connect.status import StatusScreen
from koi.tui.screens.connect.target_list import TargetList
from koi.tui.screens.connect.told import Told
from koi.tui.screens.help import HelpScreen
from koi.tui.screens.modal import Modal
from koi.tui.screens.model_list import ModelList
from koi.tui.screens.role_list import RoleList
from koi.tui.screens.session_list import SessionList
from koi.view.attempt_log import AttemptLog
from koi.wiring.local_servers import LocalServer
from koi.wiring.role_table import RoleRow
from tests.configurations import registry_of
from tests.tui.screens.connect.screen_app import shown
from tests.tui.screens.connect.scripted_login import ScriptedLogin
from tests.tui.screens.test_model_list import Source

SERVER = LocalServer("ollama", "Ollama", True, "http://localhost:11434", ("qwen3",))
Open = Callable[[Path], Screen[Any]]


async def models(*_: str) -> Sequence[str]:
    return ("one", "two")


async def server() -> LocalServer:
    return SERVER


async def servers() -> Sequence[LocalServer]:
    return (SERVER,)


async def nothing_found() -> Discovery:
    return Discovery({})


async def no_status() -> tuple[Sequence[ProviderStatus], Sequence[str]]:
    return (), ()


async def held() -> tuple[Sequence[Belonging], Sequence[Outside]]:
    return (Belonging("login", "a", "a", "a", "login of a"),), ()


async def works(provider: str, key: object) -> KeyCheck:
    return KeyCheck("works")


def sessions(folder: Path) -> SessionList:
    journal = Journal.create(
        folder, SessionRecord(ModelReference("p", "m"), "/here", "0.1.0", "ask")
    )
    journal.append(PromptRecord(Message("user", (Text("a title"),)), "t1"))
    journal.close()
    return SessionList(folder, Path("/here"))


def key_entry(folder: Path) -> KeyEntry:
    registry = registry_of(folder)
    target = find_target("openai", registry)
    return KeyEntry(target, registry, works, lambda provider, key: "kept")


async def roles() -> tuple[RoleRow, ...]:
    return (RoleRow("executor", "openai/gpt-5"), RoleRow("planner", "openai/gpt-5"))


def login(folder: Path) -> LoginScreen:
    script = ScriptedLogin([[Connected("copilot")]])
    return LoginScreen("Example", script, registry_of(folder), models)


SCREENS: dict[str, tuple[Open, str]] = {
    "Asking": (lambda _: Asking("t", "h", asyncio.sleep(60)), "Asking"),
    "AttemptLogScreen": (
        lambda _: AttemptLogScreen(AttemptLog(), [], "f6"),
        "Nothing was asked",
    ),
    "AwsScreen": (lambda _: AwsScreen("t", models), "work"),
    "Choice": (lambda _: Choice("t", (Option("first"), Option("second"))), "second"),
    "Entry": (lambda _: Entry("t", "words"), "words"),
    "HeldList": (lambda _: HeldList(held), "login of a"),
    "HelpScreen": (lambda _: HelpScreen(default_keys()), "Keys"),
    "KeyEntry": (key_entry, "paste the key"),
    "LocalScreen": (lambda _: LocalScreen("t", server, servers), "qwen3"),
    "LoginScreen": (login, "2 models"),
    "ModelList": (lambda _: ModelList(Source(), ModelReference("", "")), "gpt-5"),
    "Pick": (lambda _: Pick("t", ("one", "two")), "two"),
    "a question": (lambda _: yes_or_no("t", "question", "words"), "question"),
    "RoleList": (lambda _: RoleList(roles), "executor"),
    "SessionList": (sessions, "a title"),
    "StatusScreen": (lambda _: StatusScreen(no_status), "Nothing is connected"),
    "TargetList": (lambda folder: TargetList(registry_of(folder), nothing_found), "more: type"),
    "Told": (lambda _: Told("t", ("said",)), "said"),
}


def at_once(app: App[None], *keys: str) -> None:
    """As one read of the terminal gives them."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


BATCHES: tuple[tuple[str, ...], ...] = (
    ("enter", "enter", "enter"),
    ("escape", "escape"),
    ("ctrl+c", "ctrl+c"),
    ("2", "2"),
    (*"zzz", "enter", "enter"),
    ("x", "enter", "escape", "enter", "escape"),
)


@pytest.mark.parametrize("name", SCREENS)
async def test_keys_in_one_go_never_answer_twice(tmp_path: Path, name: str) -> None:
    build, words = SCREENS[name]
    async with shown(Screen[object]()) as (app, pilot):
        for count, keys in enumerate(BATCHES, start=1):
            app.push_screen(build(tmp_path), app.results.append)
            await app.until(words)
            at_once(app, *keys)
            await pilot.pause(ALONE_S * 1.5 if keys[0] == "2" else None)
            if isinstance(app.screen, Modal):
                await pilot.press("escape", "escape")
            assert len(app.results) == count


@pytest.mark.parametrize("name", SCREENS)
async def test_every_screen_can_be_left_with_ctrl_c(tmp_path: Path, name: str) -> None:
    build, words = SCREENS[name]
    async with shown(build(tmp_path)) as (app, pilot):
        await app.until(words)
        await pilot.press("ctrl+c")
        await app.until(lambda: len(app.results) == 1)


async def test_a_filter_and_enter_in_one_go_choose_what_the_filter_leaves(tmp_path: Path) -> None:
    async with shown(TargetList(registry_of(tmp_path), nothing_found)) as (app, _):
        await app.until("more: type")
        at_once(app, "down", "down", *"mistral", "enter")
        await app.until(lambda: app.results == ["mistral"])


async def test_a_list_without_rows_has_nothing_to_choose(tmp_path: Path) -> None:
    async with shown(TargetList(registry_of(tmp_path), nothing_found)) as (app, pilot):
        await app.until("more: type")
        at_once(app, *"zzz", "enter")
        await app.until("nothing matches")
        await pilot.pause()
        assert app.results == []


async def test_a_digit_of_something_that_is_typed_chooses_nothing() -> None:
    async with shown(Choice("t", (Option("first"), Option("second")))) as (app, pilot):
        at_once(app, *"http://127.0.0.1:2")
        await pilot.pause(ALONE_S * 1.5)
        assert app.results == []


class Time:
    """Stands still until a test moves it."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def question(clock: Time) -> Choice:
    return Choice("t", (Option("No"), Option("Yes")), careful=True, clock=clock)


@pytest.mark.parametrize("keys", [("enter",), ("2",), ("down", "enter"), ("2", "enter")])
async def test_what_was_typed_before_a_question_does_not_answer_it(keys: tuple[str, ...]) -> None:
    clock = Time()
    async with shown(question(clock)) as (app, pilot):
        await app.until("Yes")
        at_once(app, *keys)
        await pilot.pause(ALONE_S * 1.5)
        clock.now += 0.3  # who goes on typing has not read it
        await pilot.press("enter")
        clock.now += 0.3
        await pilot.press("enter")
        assert app.results == []
        clock.now += 0.5
        await pilot.press("down", "enter")
        assert app.results == [1]


async def test_two_keys_in_one_go_are_one_answer() -> None:
    async with shown(Choice("t", (Option("first"), Option("second")))) as (app, _):
        at_once(app, "2", "2")
        await app.until(lambda: app.results == [1])


def test_all_screens_are_tried_here() -> None:
    assert {each.__name__ for each in Modal.__subclasses__()} <= SCREENS.keys()
