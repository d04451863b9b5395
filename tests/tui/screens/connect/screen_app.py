"""One screen of connecting for tests: opened alone, read as text, and what it was left with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

from koi.tui.theme import THEME

Result = TypeVar("Result")
PATIENCE_S = 30.0
"""Waiting longer than this for anything fails the test."""


class ScreenApp(App[None], Generic[Result]):
    """One screen and its results."""

    def __init__(self, screen: Screen[Result]) -> None:
        super().__init__(ansi_color=True)
        self.register_theme(THEME)
        self.theme = THEME.name
        self.shown_first = screen
        self.results: list[Result | None] = []

    def on_mount(self) -> None:
        self.push_screen(self.shown_first, self.results.append)

    @property
    def text(self) -> str:
        """What is on the screen."""
        strips = self.screen._compositor.render_strips()
        return "\n".join("".join(part.text for part in strip).rstrip() for strip in strips)

    async def until(self, condition: str | Callable[[], bool]) -> None:
        """Wait until a text is on the screen, or a condition holds."""
        met = condition if callable(condition) else lambda: condition in self.text
        end = asyncio.get_running_loop().time() + PATIENCE_S
        while not met():
            assert asyncio.get_running_loop().time() < end, f"never: {condition}\n{self.text}"
            await asyncio.sleep(0.01)


@asynccontextmanager
async def shown(
    screen: Screen[Result], size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[ScreenApp[Result], Pilot[None]]]:
    """The screen, opened."""
    app = ScreenApp(screen)
    async with app.run_test(size=size) as pilot:
        yield app, pilot
