"""/compact on the screen: shorter for the model, told, and taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.answers import text
from tests.servers.model_server import ModelServer
from tests.tui.koi_app import ask, running, say, screen_text, until

CONFIG = """
[providers.work]
protocol = "openai-chat"
base_url = "{url}"
api_key = "sk-test-0000"
context_window = 8000
"""
LONG = "word " * 2_000


@pytest.fixture
def model(model_server: ModelServer, koi_home: Path) -> str:
    koi_home.mkdir(parents=True, exist_ok=True)
    (koi_home / "config.toml").write_text(CONFIG.format(url=model_server.openai_url))
    return f"work/{model_server.model}"


async def test_a_conversation_is_made_shorter_and_had_back(
    workspace: Path, model: str, model_server: ModelServer
) -> None:
    answers = [text("One."), text("Two."), text("A summary."), text("Three.")]
    model_server.script(*answers)
    async with running(workspace, model=model) as (app, pilot):
        await ask(app, pilot, f"first {LONG}")
        await ask(app, pilot, "second")
        await say(app, pilot, "/compact the names")
        await until(app, "The conversation is shorter for the model now")
        await until(app, lambda: not app.state.busy)
        assert "the names" in str(model_server.model_requests[-1].messages)
        await say(app, pilot, "/compact undo")
        await until(app, "The compaction is undone")
        await until(app, lambda: not app.state.busy)


async def test_nothing_to_make_shorter_is_said(workspace: Path, model: str) -> None:
    async with running(workspace, model=model) as (app, pilot):
        await say(app, pilot, "/compact")
        await until(app, "there is nothing to make shorter yet")
        await until(app, lambda: not app.state.busy)
        await say(app, pilot, "/compact undo")
        await until(app, "there is no compaction to undo")


async def test_while_koi_works_nothing_is_made_shorter(
    workspace: Path, model: str, model_server: ModelServer
) -> None:
    model_server.script(text("One.", delay_s=5.0))
    async with running(workspace, model=model) as (app, pilot):
        await say(app, pilot, "hello")
        await until(app, "waiting for")
        await say(app, pilot, "/compact")
        await until(app, "koi is at work")
        await pilot.press("escape")
        await until(app, "interrupted")


async def test_making_it_shorter_can_be_stopped(
    workspace: Path, model: str, model_server: ModelServer
) -> None:
    model_server.script(text("One."), text("Two."), text("A summary.", delay_s=5.0))
    async with running(workspace, model=model) as (app, pilot):
        await ask(app, pilot, f"first {LONG}")
        await ask(app, pilot, "second")
        await say(app, pilot, "/compact")
        await until(app, "waiting for")
        await pilot.press("escape")
        await until(app, lambda: not app.state.busy)
        assert "shorter for the model" not in screen_text(app)
