"""The first page: what was found, and what each way in leads to."""

from __future__ import annotations

import pytest

from koi.credentials.targets import Way
from koi.tui.screens.first_run import NextStep, first_page, key_variables
from tests.tui.screens.connect.screen_app import shown

CODEX = Way("consent", "use the login of Codex CLI", "needs your yes", "codex-cli")
CLAUDE = Way("consent", "use the login of Claude Code", "needs your yes", "claude-cli")


@pytest.mark.parametrize(
    ("keys", "step"),
    [
        (["enter"], "login"),
        (["4"], "url"),
        (["up", "enter"], "quit"),
    ],
)
async def test_each_way_in_has_a_number(keys: list[str], step: NextStep) -> None:
    page, steps = first_page((), "")
    async with shown(page) as (app, pilot):
        await pilot.press(*keys)
        await app.until(lambda: bool(app.results))
        assert [steps[each] for each in app.results if each is not None] == [step]


async def test_escape_leaves() -> None:
    page, _ = first_page((), "")
    async with shown(page) as (app, pilot):
        await pilot.press("escape")
        assert app.results == [None]


async def test_what_was_found_comes_first_and_is_started_with_enter() -> None:
    page, steps = first_page(("Using p/m from P_KEY.",), "p/m")
    async with shown(page) as (app, pilot):
        await app.until("Using p/m from P_KEY.")
        assert "start with p/m" in app.text
        await pilot.press("enter")
        assert steps[0] == "start"
        assert app.results == [0]


async def test_every_way_can_be_reached_in_a_small_window() -> None:
    notes = tuple(f"p{number}: has no default model" for number in range(9))
    page, _ = first_page(notes, "")
    async with shown(page, (60, 15)) as (app, pilot):
        await pilot.press("up")
        await app.until("▸ 7  quit")


def test_the_variables_that_are_named_are_those_of_the_well_known() -> None:
    assert "ANTHROPIC_API_KEY" in key_variables()
    assert all(name.isupper() for name in key_variables())


async def test_a_login_that_waits_for_a_yes_is_a_way_of_its_own() -> None:
    page, steps = first_page((), "", (CODEX,))
    async with shown(page) as (app, pilot):
        await app.until("use the login of Codex CLI")
        await pilot.press("3")
        await app.until(lambda: app.results == [2])
        assert steps[2] == "codex-cli"


def test_what_can_be_used_comes_first_and_what_a_vendor_refuses_last() -> None:
    _, steps = first_page((), "", (CLAUDE, CODEX))
    assert (steps[0], steps[2], steps[-2:]) == ("login", "codex-cli", ("claude-cli", "quit"))
    _, steps = first_page((), "p/m", (CLAUDE,))
    assert (steps[0], steps[-2:]) == ("start", ("claude-cli", "quit"))


async def test_what_the_named_model_needs_is_the_first_way() -> None:
    page, steps = first_page(("openai/gpt was named, and cannot be used.",), "p/m", (), "OpenAI")
    async with shown(page) as (app, pilot):
        await app.until("▸ 1  connect OpenAI")
        assert "found no model" not in app.text
        await pilot.press("enter")
        assert (app.results, steps[:2]) == ([0], ("wanted", "start"))


async def test_options_without_a_digit_show_none() -> None:
    page, steps = first_page((), "p/m", (CLAUDE, CODEX))
    async with shown(page) as (app, _):
        await app.until("9  use the login of Claude Code")
        assert len(steps) == 10
        assert "10" not in app.text
