"""AWS, servers on this machine, questions, lines to type: what each key does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from textual import events
from textual.screen import Screen

from koi.core.errors import CredentialMissing
from koi.credentials.belongings import Belonging, Outside
from koi.tui.grace import GRACE_S
from koi.tui.screens.connect.aws import AwsScreen
from koi.tui.screens.connect.choice import yes_or_no
from koi.tui.screens.connect.entry import Entry
from koi.tui.screens.connect.held_list import HeldList
from koi.tui.screens.connect.local import LocalScreen
from koi.tui.screens.connect.pick import Pick
from koi.wiring.endpoints import checked_address
from koi.wiring.local_servers import LocalServer
from tests.tui.screens.connect.screen_app import shown

STOPPED = LocalServer("ollama", "Ollama", False, detail="nothing listens", advice="Start it.")
STUDIO = LocalServer("lmstudio", "LM Studio", True, "http://localhost:1234/v1", ("qwen3",))


async def two_models() -> Sequence[str]:
    return ("claude", "nova")


async def no_credentials() -> Sequence[str]:
    raise CredentialMissing("no AWS credentials were found", hint="Set AWS_PROFILE.")


@pytest.mark.parametrize(
    ("models", "words", "key", "result"),
    [
        (two_models, "2 models: claude, nova", "enter", "works"),
        (no_credentials, "Set AWS_PROFILE.", "p", "key"),
    ],
)
async def test_aws_is_asked_with_what_is_found(
    models: Callable[[], Awaitable[Sequence[str]]], words: str, key: str, result: str | None
) -> None:
    async with shown(AwsScreen("Amazon Bedrock", models)) as (app, pilot):
        await app.until(words)
        await pilot.press(key)
        assert app.results == [result]


async def test_other_local_servers_are_looked_for_on_request() -> None:
    async def look() -> LocalServer:
        return STOPPED

    async def others() -> Sequence[LocalServer]:
        return (STUDIO,)

    async with shown(LocalScreen("Ollama", look, others)) as (app, pilot):
        await app.until("✗ Ollama does not run.")
        assert "LM Studio" not in app.text
        await pilot.press("l")
        await app.until("1 LM Studio at http://localhost:1234/v1: 1 model: qwen3")
        await pilot.press("1")
        assert app.results == [STUDIO]


@pytest.mark.parametrize(("keys", "result"), [(["enter"], 0), (["down", "enter"], 1)])
async def test_the_default_of_a_question_is_no(keys: list[str], result: int | None) -> None:
    async with shown(yes_or_no("Codex", "May koi?", "The vendor says so.")) as (app, pilot):
        await app.until("The vendor says so.")
        await asyncio.sleep(GRACE_S)
        await pilot.press(*keys)
        assert app.results == [result]


async def test_a_wrong_address_is_told_and_can_be_mended() -> None:
    async with shown(Entry("url", "The address:", check=checked_address)) as (app, pilot):
        await pilot.press(*"foo", "enter")
        await app.until("not an http or https address")
        await pilot.press("ctrl+u", *"http://h/v1/", "enter")
        assert app.results == ["http://h/v1"]


async def test_a_model_that_is_not_in_the_list_can_be_typed() -> None:
    async with shown(Pick("model", ("one", "two"))) as (app, pilot):
        await pilot.press(*"three")
        await app.until("as typed")
        await pilot.press("enter")
        assert app.results == ["three"]


@pytest.mark.parametrize(("keys", "count"), [(["enter"], 1), (["up", "enter"], 2)])
async def test_one_or_all_of_what_koi_keeps_is_chosen(keys: list[str], count: int) -> None:
    held = [Belonging("login", name, name, name, f"login of {name}") for name in ("a", "b")]

    async def look() -> tuple[Sequence[Belonging], Sequence[Outside]]:
        return held, (Outside("groq", "GROQ_API_KEY (environment)"),)

    async with shown(HeldList(look)) as (app, pilot):
        await app.until("stays: GROQ_API_KEY (environment)")
        await pilot.press(*keys)
        assert app.results == [tuple(held[:count])]


async def test_a_key_in_the_place_of_an_address_is_not_shown() -> None:
    async with shown(Entry("url", "The address:", check=checked_address)) as (app, pilot):
        assert app.screen.focused is not None
        app.screen.focused.post_message(events.Paste("sk-0123456789abcdefWXYZ"))
        await app.until("this looks like a key, and is not kept here")
        assert "WXYZ" not in app.text
        await pilot.press(*"localhost:8000", "enter")
        assert app.results == ["http://localhost:8000"]


async def test_ctrl_c_leaves_a_field_whose_text_is_selected() -> None:
    async with shown(Screen[str | None]()) as (app, pilot):
        app.push_screen(Entry("url", "The address:", start="http://h/v1"), app.results.append)
        await app.until("http://h/v1")
        await pilot.press("ctrl+c")
        assert app.results == [None]
