"""What koi replaces inside Textual is still there to be replaced, and does what it should."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from textual import events
from textual.app import App
from textual.css.stylesheet import Stylesheet

from koi.agent.options import SessionOptions
from koi.tui.app import KoiApp


@pytest.mark.parametrize("name", ["_watch_app_focus", "_fatal_error"])
def test_textual_still_has_the_method_that_koi_replaces(name: str) -> None:
    assert inspect.isfunction(getattr(App, name))


async def test_watch_app_focus_styles_nothing_anew(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOI_DEMO_PACE", "0")
    app = KoiApp(SessionOptions(workspace=workspace, demo=True))
    async with app.run_test() as pilot:
        await pilot.pause()
        styled: list[object] = []
        apply = Stylesheet.apply

        def counted(self: Stylesheet, node: object, **options: bool) -> None:
            styled.append(node)
            apply(self, node, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(Stylesheet, "apply", counted)
        app.post_message(events.AppBlur())
        app.post_message(events.AppFocus())
        await pilot.pause()
        assert styled == []
        assert app.editor.has_focus
