"""The list of what can be connected: names, addresses, and keys that were pasted there."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events

from koi.core.secret import Secret
from koi.credentials.findings import Discovery
from koi.tui.desk import GivenKey
from koi.tui.screens.connect.target_list import TargetList
from tests.configurations import registry_of
from tests.tui.screens.connect.screen_app import shown

KEY = "sk-proj-0123456789abcdefWXYZ"


async def nothing_found() -> Discovery:
    return Discovery({})


def target_list(folder: Path) -> TargetList:
    return TargetList(registry_of(folder), nothing_found)


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("http://h:8/v1", "http://h:8/v1"),
        ("llm.lab.test/v1", "https://llm.lab.test/v1"),
        ("localhost:8000", "http://localhost:8000"),
    ],
)
async def test_an_address_can_be_chosen(tmp_path: Path, typed: str, url: str) -> None:
    async with shown(target_list(tmp_path)) as (app, pilot):
        await pilot.press(*typed)
        await app.until(f"▸ {url}")
        await pilot.press("enter")
        assert app.results == [url]


@pytest.mark.parametrize("text", [KEY, f"export OPENAI_API_KEY='{KEY}'\n"])
async def test_a_key_is_taken_and_never_shown(tmp_path: Path, text: str) -> None:
    async with shown(target_list(tmp_path)) as (app, pilot):
        await pilot.press("o", "p")
        assert app.screen.focused is not None
        app.screen.focused.post_message(events.Paste(text))
        await app.until(lambda: bool(app.results))
        assert app.results == [GivenKey(Secret(KEY))]
        assert KEY not in app.export_screenshot()


async def test_a_key_that_is_typed_is_taken_too(tmp_path: Path) -> None:
    async with shown(target_list(tmp_path)) as (app, pilot):
        await pilot.press(*KEY)
        await app.until(lambda: bool(app.results))
        [given] = app.results
        assert isinstance(given, GivenKey)
