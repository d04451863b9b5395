"""What is connected: each provider, where its credential comes from, and what that shadows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from koi.credentials.status import ProviderStatus
from koi.tui.screens.connect.box import INDENT, STRONG, Box, muted, text
from koi.tui.screens.modal import Modal
from koi.view.line import BLANK, PLAIN, Line

Look = Callable[[], Awaitable[tuple[Sequence[ProviderStatus], Sequence[str]]]]
"""The rows, and notes about sources that could not be looked into."""
KEYS = "↑ ↓ scroll · r look again · Esc close"


class StatusScreen(Modal[None]):
    """A page that scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("r", "look", "Look again"),
        ("escape,enter,q,ctrl+c", "dismiss(None)", "Close"),
    ]

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._rows: Sequence[ProviderStatus] | None = None
        self._notes: Sequence[str] = ()
        self._box = Box("connected", KEYS, lambda width: list(self._lines(width)))

    def compose(self) -> ComposeResult:
        """One page."""
        yield self._box

    def on_mount(self) -> None:
        """Look at once."""
        self.action_look()

    def action_look(self) -> None:
        """Look at everything anew."""
        self._rows = None
        self._box.update()
        self.run_worker(self._find(), group="look", exclusive=True)

    async def _find(self) -> None:
        self._rows, self._notes = await self._look()
        self._box.update()

    def _lines(self, width: int) -> Iterator[Line]:
        if self._rows is None:
            yield from text("Looking at what is there …", width)
            return
        if not any(row.usable for row in self._rows):
            yield from text("Nothing is connected yet: /connect, or koi connect.", width, STRONG)
        for row in self._rows:
            yield from status_lines(row, width)
        if self._notes:
            yield BLANK
        for note in self._notes:
            yield from muted(note, width)


def status_lines(row: ProviderStatus, width: int) -> Iterator[Line]:
    """One provider."""
    mark = "✓" if row.usable else "·"
    yield from text(f"{mark} {row.title}", width, STRONG)
    yield from text(row.credential.said, width, PLAIN, INDENT)
    if row.credential.models:
        yield from text(", ".join(row.credential.models), width, PLAIN, INDENT)
    for other in row.others:
        yield from text(other.said, width, PLAIN, INDENT)
