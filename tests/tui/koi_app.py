"""The whole application for tests: opened, read as text, waited for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from koi.agent.options import SessionOptions
from koi.core.agent_events import AgentEvent
from koi.tui.app import KoiApp
from koi.view.fold import fold
from koi.view.state import Changed

PATIENCE_S = 30.0
"""Waiting longer than this for anything fails the test."""


def screen_text(app: KoiApp) -> str:
    """What is on the screen."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(part.text for part in strip).rstrip() for strip in strips)


async def until(app: KoiApp, condition: str | Callable[[], bool]) -> None:
    """Wait until a text is on the screen, or a condition holds."""
    met = condition if callable(condition) else lambda: condition in screen_text(app)
    end = asyncio.get_running_loop().time() + PATIENCE_S
    while not met():
        assert asyncio.get_running_loop().time() < end, f"never: {condition}\n{screen_text(app)}"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def running(
    workspace: Path,
    size: tuple[int, int] = (120, 36),
    *,
    model: str | None = None,
    latest: bool = False,
) -> AsyncIterator[tuple[KoiApp, Pilot[int]]]:
    """koi with its session open; the demo model unless another one is named."""
    options = SessionOptions(workspace=workspace, demo=model is None, model=model, latest=latest)
    app = KoiApp(options)
    async with app.run_test(size=size) as pilot:
        await until(app, lambda: app.host.session is not None)
        yield app, pilot
    await app.host.close()


async def say(app: KoiApp, pilot: Pilot[int], text: str) -> None:
    """Write a line into the prompt and send it."""
    app.editor.set_draft(text)
    await pilot.press("enter")


async def ask(app: KoiApp, pilot: Pilot[int], text: str) -> None:
    """Send a prompt and wait for the end of its turn."""
    session = app.host.session
    assert session is not None
    before = session.state.turns
    await say(app, pilot, text)
    await until(app, lambda: session.state.turns > before and not app.state.busy)


def tell(app: KoiApp, *events: AgentEvent) -> None:
    """Show events as if the session had told them now."""
    changed = Changed.NOTHING
    for event in events:
        changed |= fold(app.state, event, time.monotonic())
    app.regions.show(changed)
