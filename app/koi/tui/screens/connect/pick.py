"""Choose one of some names, such as the models of a server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from koi.tui.screens.chooser import Chooser, matches
from koi.tui.screens.modal import Modal
from koi.view.line import MUTED, PLAIN, Face, Line, Span
from koi.view.lines.row import row
from koi.view.safe_text import safe


class Pick(Modal[str | None]):
    """Its result is a name: one of the list, or what was typed if nothing of the list has it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,ctrl+c", "dismiss(None)", "Back")]

    def __init__(self, title: str, names: Sequence[str], note: str = "") -> None:
        super().__init__()
        self._title = title
        self._names = names
        self._note = note
        self._shown: Sequence[str] = names
        self._typed = ""
        self._chooser = Chooser(self._title, "a part of a name, or another one", self._draw)

    def compose(self) -> ComposeResult:
        """The list in the middle of the screen."""
        yield self._chooser

    def on_mount(self) -> None:
        """All names."""
        self._chooser.rows.fill(len(self._shown), 0, self._note)

    @on(Chooser.Filtered)
    def _filtered(self, event: Chooser.Filtered) -> None:
        self._typed = event.text.strip()
        found = [name for name in self._names if matches(name, self._typed)]
        self._shown = found or ([self._typed] if self._typed else self._names)
        self._chooser.rows.fill(len(self._shown), 0, self._note)

    @on(Chooser.Chosen)
    def _chosen(self) -> None:
        index = self._chooser.chosen
        if index is not None:
            self.dismiss(self._shown[index])

    def _draw(self, index: int, width: int, selected: bool) -> Line:
        name = self._shown[index]
        left: list[Span] = [
            ("▸ " if selected else "  ", Face("accent", "b")),
            (safe(name, keep_newlines=False), Face("selected", "r") if selected else PLAIN),
        ]
        typed = "" if name in self._names else "  not in the list: as typed "
        return row(left, [(typed, MUTED)], width, cell_len)
