"""What koi keeps and can give up; what was set outside it is shown, and stays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from koi.credentials.belongings import Belonging, Outside
from koi.tui.screens.chooser import Chooser, matches
from koi.tui.screens.modal import Modal
from koi.view.line import MUTED, PLAIN, Face, Line, Span
from koi.view.lines.row import row
from koi.view.safe_text import safe

Look = Callable[[], Awaitable[tuple[Sequence[Belonging], Sequence[Outside]]]]


class HeldList(Modal[tuple[Belonging, ...] | None]):
    """Its result is what is to be given up, None when the person went back."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,ctrl+c", "dismiss(None)", "Back")]

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._held: Sequence[Belonging] = ()
        self._outside: Sequence[Outside] = ()
        self._note = "looking at what is there …"
        self._filter = ""
        self._shown: list[tuple[Belonging, ...]] = []
        self._chooser = Chooser("disconnect", "a name", self._draw)

    def compose(self) -> ComposeResult:
        """The list in the middle of the screen."""
        yield self._chooser

    def on_mount(self) -> None:
        """Looking takes a moment."""
        self.run_worker(self._load(), exit_on_error=False)

    async def _load(self) -> None:
        self._held, self._outside = await self._look()
        places = ", ".join(outside.place for outside in self._outside)
        self._note = f"set outside koi, and stays: {places}" if places else ""
        if not self._held:
            self._note = f"koi keeps no login and no key; {self._note}".rstrip("; ")
        self._refill()

    @on(Chooser.Filtered)
    def _filtered(self, event: Chooser.Filtered) -> None:
        self._filter = event.text
        self._refill()

    @on(Chooser.Chosen)
    def _chosen(self) -> None:
        index = self._chooser.chosen
        if index is not None:
            self.dismiss(self._shown[index])

    def _refill(self) -> None:
        self._shown = [
            (each,)
            for each in self._held
            if matches(f"{each.name} {each.title} {each.words}", self._filter)
        ]
        if len(self._held) > 1 and matches("all of them", self._filter):
            self._shown.append(tuple(self._held))
        self._chooser.rows.fill(len(self._shown), 0, safe(self._note, keep_newlines=False))

    def _draw(self, index: int, width: int, selected: bool) -> Line:
        held = self._shown[index]
        alone = len(held) == 1
        title = held[0].title if alone else "all of them"
        said = held[0].words if alone else f"{len(held)} entries"
        face = Face("selected", "r") if selected else PLAIN
        left: list[Span] = [
            ("▸ " if selected else "  ", Face("accent", "b")),
            (safe(title, keep_newlines=False), face),
        ]
        return row(left, [(f"  {safe(said, keep_newlines=False)} ", MUTED)], width, cell_len)
