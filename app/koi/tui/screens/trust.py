"""Asks whether a folder may instruct the model. Nothing of the folder's text is shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from koi.tui.prompt.approval_bar import GRACE_S
from koi.tui.screens.scroll_pane import ScrollPane
from koi.view.line import BLANK, MUTED, PLAIN, Face, Line
from koi.view.safe_text import visible
from koi.view.wrap import wrap_text


class TrustQuestion(ModalScreen[bool]):
    """Its result is True when the file may be used; Enter and Esc mean no."""

    DEFAULT_CSS = """
    TrustQuestion { align: center middle; }
    TrustQuestion Vertical {
        width: 90%; max-width: 76; height: auto;
        border: round $warning; padding: 1 2; background: $background;
    }
    TrustQuestion ScrollPane { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("y", "trust", "Yes"),
        ("n,enter,escape", "dismiss(False)", "No"),
    ]

    def __init__(
        self, path: Path, size: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._clock = clock
        self._appeared = clock()
        self._path = path
        self._bytes = size

    def compose(self) -> ComposeResult:
        """The question."""
        with Vertical() as box:
            box.border_title = "trust"
            box.border_subtitle = "y yes · n no (Enter)"
            yield ScrollPane(lambda width: trust_lines(self._path, self._bytes, width))

    def on_mount(self) -> None:
        """Keys go to the question."""
        self._appeared = self._clock()
        self.query_one(ScrollPane).focus()

    def action_trust(self) -> None:
        """Yes, unless the key was typed before the question could be read."""
        if self._clock() >= self._appeared + GRACE_S:
            self.dismiss(True)


def trust_lines(path: Path, size: int, width: int) -> list[Line]:
    """The question about a file of `size` bytes."""
    name = visible(str(path).replace("\n", "\\n"))
    why = (
        "Its text is sent with every request and tells the model what to do. Say yes only when "
        "you know who wrote it. You can answer later with /trust."
    )
    return [
        *wrap_text(
            "Use this folder's AGENTS.md in this session?", width, cell_len, Face("warn", "b")
        ),
        BLANK,
        *wrap_text(name, width, cell_len, PLAIN),
        *wrap_text(f"{size:,} bytes", width, cell_len, MUTED),
        BLANK,
        *wrap_text(why, width, cell_len, PLAIN),
    ]
