"""The roles with their models, where those are set, and who follows them."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from koi.core.errors import KoiError
from koi.tui.line_pane import LinePane
from koi.tui.screens.chooser import Chooser, matches
from koi.tui.screens.modal import Modal
from koi.view.chains import chain_row, chain_text
from koi.view.graphemes import shorten
from koi.view.line import MUTED, PLAIN, Face, Line, Span
from koi.view.lines.row import row
from koi.view.safe_text import safe
from koi.view.wrap import wrap_text
from koi.wiring.role_table import NO_MODEL, RoleRow

_ROLE = 11


Load = Callable[[], Awaitable[tuple[RoleRow, ...]]]


class RoleList(Modal[str | None]):
    """Its result is the role whose model the person wants to choose, None when they went back."""

    DEFAULT_CSS = "RoleList #details { height: 3; }"
    BINDINGS: ClassVar[list[BindingType]] = [("escape,ctrl+c", "dismiss(None)", "Back")]

    def __init__(self, load: Load) -> None:
        """`load` gives the rows; raises KoiError."""
        super().__init__()
        self._load = load
        self._known: tuple[RoleRow, ...] = ()
        self._shown: tuple[RoleRow, ...] = ()
        self._filter = ""
        self._note = "looking …"
        self._chooser = Chooser(
            "roles",
            "part of a role or a model",
            self._draw,
            below=LinePane(self._details, id="details"),
        )
        self._chooser.border_subtitle = "Enter choose its model · Esc back"

    def compose(self) -> ComposeResult:
        """The list in the middle of the screen."""
        yield self._chooser

    def on_mount(self) -> None:
        """Looking for a model for vectors may take a while."""
        self._refill()
        self.run_worker(self._fill(), exit_on_error=False)

    async def _fill(self) -> None:
        try:
            self._known, self._note = await self._load(), ""
        except KoiError as error:
            self._note = safe(f"{error.title} {error.hint}", keep_newlines=False)
        self._refill()

    @on(Chooser.Filtered)
    def _filtered(self, event: Chooser.Filtered) -> None:
        self._filter = event.text
        self._refill()

    @on(Chooser.Chosen)
    def _chosen(self) -> None:
        index = self._chooser.chosen
        if index is not None:
            self.dismiss(self._shown[index].role)

    def _refill(self) -> None:
        self._shown = tuple(
            each for each in self._known if matches(f"{each.role} {each.model}", self._filter)
        )
        note = self._note or ("" if self._shown else "no role matches")
        self._chooser.rows.fill(len(self._shown), 0, note)

    def _draw(self, index: int, width: int, selected: bool) -> Line:
        return role_line(self._shown[index], width, selected=selected)

    def _details(self, width: int, height: int) -> Sequence[Line]:
        index = self._chooser.chosen
        if index is None or index >= len(self._shown):
            return ()
        text = safe(details(self._shown[index], time.monotonic()), keep_newlines=False)
        return wrap_text(text, width, cell_len, MUTED)[:height]


def role_line(each: RoleRow, width: int, *, selected: bool = False) -> Line:
    """The role and its model; at the right where that is set."""
    face = Face("selected", "r") if selected else PLAIN
    name = safe(each.role, keep_newlines=False).ljust(_ROLE)
    left: list[Span] = [
        ("▸ " if selected else "  ", Face("accent", "b")),
        (name, face),
        (safe(each.model, keep_newlines=False), face),
    ]
    chain = "".join(f" → {name}" for name in each.fallbacks)
    left.append((safe(chain, keep_newlines=False), MUTED))
    place = shorten(safe(each.place, keep_newlines=False), width // 3, cell_len)
    return row(left, [(f" {place} ", MUTED)], width, cell_len)


def details(each: RoleRow, now: float) -> str:
    """Why it is this model, and who answers in which order, with their conditions."""
    if each.model == NO_MODEL:
        return each.place
    why = f"{each.place}. " if each.place else ""
    rows = tuple(chain_row(state, now) for state in each.candidates)
    return why + ("; ".join(chain_text(rows, now)) or "Nobody follows when it does not answer.")
