"""Who follows a model: shown, changed, and what rests forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.answers import failure, text
from tests.servers.model_server import ModelServer
from tests.tui.koi_app import ask, running, say, screen_text, until

CONFIG = """
model = "work/big"
[providers.work]
protocol = "openai-chat"
base_url = "{url}"
api_keys = ["sk-test-0000ab12", "sk-test-0000cd34"]
[providers.other]
protocol = "openai-chat"
base_url = "{url}"
api_key = "sk-test-0000ef56"
[models.fallback]
executor = ["other/small"]
[reliability]
backoff_ms = 1
"""


@pytest.fixture
def config(model_server: ModelServer, koi_home: Path) -> Path:
    """Two keys for a model, and another model that follows it."""
    koi_home.mkdir(parents=True, exist_ok=True)
    file = koi_home / "config.toml"
    file.write_text(CONFIG.format(url=model_server.openai_url))
    return file


def written(file: Path) -> str:
    return file.read_text()


async def test_a_turn_that_fell_back_says_who_answered_and_who_rests(
    workspace: Path, config: Path, model_server: ModelServer
) -> None:
    model_server.script(*[failure(429, "slow down", retry_after="300")] * 2, text("Instead."))
    async with running(workspace, model="work/big") as (app, pilot):
        await ask(app, pilot, "hello")
        await until(app, "other/small answered in place of work/big")
        for words in (
            *("koi  Instead.", "other/small · ask", "big …ab12: cooling", "big …cd34: cooling"),
            "▸ fallback small: active",
        ):
            await until(app, words)


async def test_rests_are_forgotten_and_the_first_model_answers_again(
    workspace: Path, config: Path, model_server: ModelServer
) -> None:
    model_server.script(*[failure(429, "slow down", retry_after="300")] * 2, text("Instead."))
    async with running(workspace, model="work/big") as (app, pilot):
        await ask(app, pilot, "hello")
        await say(app, pilot, "/fallback retry")
        await until(app, "1. work/big …ab12: ready")
        model_server.script(text("Myself."))
        await ask(app, pilot, "again")
        await until(app, "back to work/big")


async def test_another_list_counts_at_once_and_is_kept(
    workspace: Path, config: Path, model_server: ModelServer
) -> None:
    async with running(workspace, model="work/big") as (app, pilot):
        await say(app, pilot, "/fallback other/tiny work/huge")
        await until(app, "3. other/tiny …ef56: ready")
        assert "work/huge" in screen_text(app)
        await say(app, pilot, "/fallback off")
        await until(app, "The executor has no fallbacks of its own any more")
    assert "models.fallback" not in written(config)


async def test_a_name_that_means_nothing_changes_nothing(workspace: Path, config: Path) -> None:
    before = written(config)
    async with running(workspace, model="work/big") as (app, pilot):
        await say(app, pilot, "/fallback nowhere/small")
        await until(app, "✗")
        assert "nowhere" in screen_text(app)
    assert written(config) == before


async def test_the_roles_are_listed_and_one_of_them_gets_a_model(
    workspace: Path, config: Path
) -> None:
    async with running(workspace, model="work/big") as (app, pilot):
        await say(app, pilot, "/roles")
        await until(app, "▸ executor   work/big → other/small")
        assert "planner    work/big" in screen_text(app)
        await pilot.press("down", "down", "enter")
        await until(app, "[planner]")
        await pilot.press("escape")


async def test_the_roles_show_which_keys_rest_in_this_session(
    workspace: Path, config: Path, model_server: ModelServer
) -> None:
    model_server.script(*[failure(402, "no credit left")] * 2, text("Instead."))
    async with running(workspace, model="work/big") as (app, pilot):
        await ask(app, pilot, "hello")
        await until(app, "koi  Instead.")
        await say(app, pilot, "/roles")
        await until(app, "1. work/big …ab12: cooling")
