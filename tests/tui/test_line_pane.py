"""A pane of ready lines repaints what differs and nothing else."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from koi.tui.line_pane import LinePane
from koi.tui.theme import THEME
from koi.view.line import Face, Line
from tests.tui.settling import settled


class Panes(App[None]):
    """One pane of three rows."""

    CSS = "LinePane { height: 3; }"

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(THEME)
        self.theme = "koi"
        self.lines = ["one", "two"]
        self.pane = LinePane(self._source)

    def _source(self, width: int, height: int) -> list[Line]:
        return [Line(((text, Face("accent")),)) for text in self.lines]

    def compose(self) -> ComposeResult:
        yield self.pane


def shown(app: Panes) -> list[str]:
    """The text of the pane."""
    return [strip.text.rstrip() for strip in app.pane._strips]


async def test_it_shows_the_lines_of_its_source() -> None:
    app = Panes()
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.pause()
        assert shown(app) == ["one", "two", ""]
        await pilot.resize_terminal(10, 5)
        await settled(pilot, lambda: {strip.cell_length for strip in app.pane._strips} == {10})


async def test_only_the_cells_that_differ_are_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Panes()
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.pause()
        painted: list[tuple[Region, ...]] = []
        monkeypatch.setattr(app.pane, "refresh", lambda *regions: painted.append(regions))
        app.pane.show()
        assert painted == []
        app.lines = ["one", "tea"]
        app.pane.show()
        assert painted == [(Region(1, 1, 19, 1),)] or painted == [(Region(1, 1, 2, 1),)]
