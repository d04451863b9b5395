"""The workaround for wide updates; it goes when Textual no longer needs it."""

from __future__ import annotations

import inspect

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual import _compositor
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from koi.tui.narrow_updates import narrow_updates


@pytest.fixture
def update(monkeypatch: pytest.MonkeyPatch) -> ChopsUpdate:
    """One row of two pieces; columns 6 to 9 of the first are dirty."""
    monkeypatch.setattr(ChopsUpdate, "render_segments", ChopsUpdate.render_segments)
    narrow_updates()
    left = Strip([Segment("0123456789", Style.null())], 10)
    right = Strip([Segment("abcdefghij", Style.null())], 10)
    return ChopsUpdate([{0: left, 10: right}], [(0, 6, 9)], [[10, 20]])


def test_narrow_updates_sends_the_dirty_cells_only(update: ChopsUpdate) -> None:
    assert update.render_segments(Console()) == "\x1b[1;7H678"


def test_narrow_updates_sends_whole_pieces_as_they_are(update: ChopsUpdate) -> None:
    update.spans = [(0, 0, 20)]
    assert update.render_segments(Console()) == "\x1b[1;1H0123456789\x1b[1;11Habcdefghij"


def test_narrow_updates_is_still_needed() -> None:
    """When this fails, look at Textual's ChopsUpdate.render_segments and drop the workaround."""
    source = inspect.getsource(_compositor)
    assert "strip = strip.crop(0, min(end, x2) - x)" in source
    assert "for y, x1, x2 in self.spans:" in source
