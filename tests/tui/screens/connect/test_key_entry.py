"""Entering a key: what is seen of it, what is said to it, and when it is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual import events

from koi.core.errors import StorageError
from koi.core.secret import Secret
from koi.credentials.key_check import KeyCheck
from koi.credentials.targets import find_target
from koi.tui.screens.connect.key_entry import KeyEntry, Next
from koi.wiring.precedence import NextRequest
from tests.configurations import registry_of
from tests.tui.screens.connect.screen_app import ScreenApp, shown

KEY = "sk-proj-0123456789abcdefWXYZ"
OPENROUTER_KEY = "sk-or-v1-0123456789abcdefWXYZ"


class Vendor:
    """Says the same to every key, and remembers which ones were kept."""

    def __init__(self, answer: KeyCheck) -> None:
        self.answer = answer
        self.asked: list[tuple[str, Secret]] = []
        self.kept: list[tuple[str, Secret]] = []
        self.full = False

    async def check(self, provider: str, key: Secret) -> KeyCheck:
        self.asked.append((provider, key))
        return self.answer

    def keep(self, provider: str, key: Secret) -> str:
        if self.full:
            raise StorageError("the disk is full", hint="Make room.")
        self.kept.append((provider, key))
        return f"The key {key.label} is kept in a file."


def entry(
    folder: Path, vendor: Vendor, target: str = "openai", next_request: Next | None = None
) -> KeyEntry:
    registry = registry_of(folder, CONFIGURATION)
    found = find_target(target, registry)
    return KeyEntry(found, registry, vendor.check, vendor.keep, next_request)


def paste(app: ScreenApp[str | None], text: str) -> None:
    assert app.screen.focused is not None
    app.screen.focused.post_message(events.Paste(text))


CONFIGURATION = '[providers.lab]\nprotocol = "openai-chat"\nbase_url = "http://localhost:9/v1"\n'
WORKS = KeyCheck("works", ("gpt-5", "gpt-5-mini"))


async def test_a_key_that_works_is_kept_and_its_place_is_said(tmp_path: Path) -> None:
    vendor = Vendor(WORKS)
    async with shown(entry(tmp_path, vendor)) as (app, pilot):
        paste(app, f"export OPENAI_API_KEY='{KEY}'\n")
        await app.until("WXYZ")
        await pilot.press("enter")
        await app.until("kept in a file")
        assert "2 models: gpt-5, gpt-5-mini" in app.text
        await pilot.press("enter")
        assert vendor.kept == [("openai", Secret(KEY))]
        assert app.results == ["openai"]


async def test_only_the_end_of_a_key_is_ever_on_the_screen(tmp_path: Path) -> None:
    async with shown(entry(tmp_path, Vendor(WORKS))) as (app, pilot):
        paste(app, KEY)
        await app.until("WXYZ")
        assert "abcdef" not in app.text
        await pilot.press("enter")
        await app.until("kept in a file")
        assert "abcdef" not in app.text


async def test_nothing_of_a_key_is_shown_while_it_is_typed(tmp_path: Path) -> None:
    async with shown(entry(tmp_path, Vendor(WORKS))) as (app, pilot):
        await pilot.press(*"abcdefghijklm")
        await app.until("13 characters")
        assert "jklm" not in app.text


async def test_a_key_that_is_refused_is_not_kept(tmp_path: Path) -> None:
    vendor = Vendor(KeyCheck("refused", detail="Incorrect API key."))
    async with shown(entry(tmp_path, vendor)) as (app, pilot):
        paste(app, KEY)
        await pilot.press("enter")
        await app.until("refused this key")
        assert "Incorrect API key." in app.text
        await pilot.press("escape")
        assert vendor.kept == []
        assert app.results == [None]


async def test_without_a_network_the_key_is_kept_after_one_more_enter(tmp_path: Path) -> None:
    vendor = Vendor(KeyCheck("unreachable", detail="no route to host"))
    async with shown(entry(tmp_path, vendor)) as (app, pilot):
        paste(app, KEY)
        await pilot.press("enter")
        await app.until("no route to host")
        assert vendor.kept == []
        await pilot.press("enter")
        await app.until("It was not checked.")
        assert vendor.kept == [("openai", Secret(KEY))]


async def test_two_enters_in_one_go_keep_a_key_once(tmp_path: Path) -> None:
    vendor = Vendor(KeyCheck("unreachable", detail="no route to host"))
    async with shown(entry(tmp_path, vendor)) as (app, pilot):
        paste(app, KEY)
        await pilot.press("enter")
        await app.until("no route to host")
        for _ in range(2):
            app.post_message(events.Key("enter", "\r"))
        await app.until(lambda: "It was not checked." in app.text or bool(app.results))
        assert vendor.kept == [("openai", Secret(KEY))]


async def test_esc_does_not_leave_while_a_key_is_being_kept(tmp_path: Path) -> None:
    vendor, decided = Vendor(WORKS), asyncio.Event()

    async def next_request(provider: str) -> NextRequest:
        await decided.wait()
        return NextRequest(True)

    async with shown(entry(tmp_path, vendor, next_request=next_request)) as (app, pilot):
        paste(app, KEY)
        await pilot.press("enter")
        await app.until("Keeping the key")
        await pilot.press("escape", "escape")
        decided.set()
        await app.until("kept in a file")
        assert app.results == []


async def test_a_key_of_another_vendor_is_offered_to_that_one(tmp_path: Path) -> None:
    vendor = Vendor(WORKS)
    async with shown(entry(tmp_path, vendor)) as (app, pilot):
        paste(app, OPENROUTER_KEY)
        await pilot.press("enter")
        await app.until("looks like a key of OpenRouter")
        assert vendor.asked == []
        await pilot.press("enter")
        await app.until("OpenRouter is connected")
        await pilot.press("enter")
        assert app.results == ["openrouter"]


async def test_what_cannot_be_a_key_is_never_sent(tmp_path: Path) -> None:
    vendor = Vendor(WORKS)
    async with shown(entry(tmp_path, vendor)) as (app, pilot):
        paste(app, "two words")
        await pilot.press("enter")
        await app.until("cannot be part of a key")
        assert vendor.asked == []


async def test_a_key_that_cannot_be_kept_says_why(tmp_path: Path) -> None:
    vendor = Vendor(WORKS)
    vendor.full = True
    async with shown(entry(tmp_path, vendor)) as (app, pilot):
        paste(app, KEY)
        await pilot.press("enter")
        await app.until("the disk is full")
        await pilot.press("escape")
        assert app.results == [None]


@pytest.mark.parametrize(
    ("usable", "said", "result"),
    [
        (True, "The key is kept, but koi uses another one.", "openai"),
        (False, "The key is kept, but is not used.", None),
    ],
)
async def test_a_key_that_stands_behind_another_is_no_success(
    tmp_path: Path, usable: bool, said: str, result: str | None
) -> None:
    async def next_request(provider: str) -> NextRequest:
        return NextRequest(usable, "OPENAI_API_KEY comes first. Unset OPENAI_API_KEY.")

    async with shown(entry(tmp_path, Vendor(WORKS), next_request=next_request)) as (app, pilot):
        paste(app, KEY)
        await pilot.press("enter")
        await app.until("Unset OPENAI_API_KEY.")
        assert said in app.text
        assert "is connected" not in app.text
        await pilot.press("enter")
        assert app.results == [result]


async def test_what_needs_no_key_is_connected_without_one(tmp_path: Path) -> None:
    vendor = Vendor(WORKS)
    async with shown(entry(tmp_path, vendor, "lab")) as (app, pilot):
        await app.until("works without a key")
        await pilot.press("enter")
        assert (app.results, vendor.asked) == (["lab"], [])


async def test_a_key_that_was_given_before_is_in_the_field(tmp_path: Path) -> None:
    vendor, registry = Vendor(WORKS), registry_of(tmp_path)
    target = find_target("openai", registry)
    screen = KeyEntry(target, registry, vendor.check, vendor.keep, given=Secret(KEY))
    async with shown(screen) as (app, pilot):
        await app.until("WXYZ")
        assert "abcdef" not in app.text
        await pilot.press("enter")
        await app.until("kept in a file")
        assert vendor.kept == [("openai", Secret(KEY))]
