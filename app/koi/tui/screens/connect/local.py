"""A server on this machine: whether it runs, what it has, and what to do when it does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from koi.tui.screens.connect.box import ERROR, OK, WARN, Box, text
from koi.view.line import BLANK, PLAIN, Line, Prefix
from koi.wiring.connecting import LocalServer

Look = Callable[[], Awaitable[LocalServer]]
_INDENT: Prefix = (("   ", PLAIN),)


class LocalScreen(ModalScreen[LocalServer | None]):
    """Its result is the server, when it has models; None when the person went back."""

    DEFAULT_CSS = "LocalScreen { align: center middle; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        ("enter", "go_on", "Go on"),
        ("r", "look", "Look again"),
        ("escape,ctrl+c", "dismiss(None)", "Back"),
    ]

    def __init__(self, title: str, look: Look) -> None:
        super().__init__()
        self._title = title
        self._look = look
        self._server: LocalServer | None = None
        self._box = Box(title, "Esc back", lambda width: list(self._lines(width)))

    def compose(self) -> ComposeResult:
        """One page."""
        yield self._box

    def on_mount(self) -> None:
        """Look at once."""
        self.action_look()

    def action_look(self) -> None:
        """Look whether it runs."""
        self._server = None
        self._box.update("Esc back")
        self.run_worker(self._find(), group="look", exclusive=True)

    async def _find(self) -> None:
        self._server = await self._look()
        ready = bool(self._server.models)
        keys = "r look again · Esc back"
        self._box.update(f"Enter use it · {keys}" if ready else keys)

    def action_go_on(self) -> None:
        """Use it, if it has something."""
        if self._server is not None and self._server.models:
            self.dismiss(self._server)

    def _lines(self, width: int) -> Iterator[Line]:
        server = self._server
        if server is None:
            yield from text(f"Looking for {self._title} …", width)
            return
        if not server.runs:
            yield from text(f"✗ {self._title} does not run.", width, ERROR)
            yield from text(server.detail, width)
            yield from text(server.advice, width)
            return
        if not server.models:
            yield from text(f"{self._title} runs at {server.place}.", width, WARN)
            yield from text(server.advice, width)
            return
        yield from text(f"✓ {self._title} runs at {server.place}.", width, OK)
        yield BLANK
        for model in server.models:
            yield from text(model, width, PLAIN, _INDENT)
