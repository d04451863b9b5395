"""A server on this machine: whether it runs, what it has, and what to do when it does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType

from koi.tui.screens.connect.box import ERROR, INDENT, OK, WARN, Box, text
from koi.tui.screens.modal import Modal
from koi.view.connecting import models_text
from koi.view.line import BLANK, PLAIN, Line
from koi.wiring.local_servers import LocalServer

NONE = "No other server answers: LM Studio, vLLM and llama.cpp were looked for."
Look = Callable[[], Awaitable[LocalServer]]
Others = Callable[[], Awaitable[Sequence[LocalServer]]]


class LocalScreen(Modal[LocalServer | None]):
    """Its result is a server that has models; None when the person went back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("enter", "go_on", "Go on"),
        ("r", "look", "Look again"),
        ("l", "others", "Look for other servers"),
        ("escape,ctrl+c", "dismiss(None)", "Back"),
    ]

    def __init__(self, title: str, look: Look, others: Others) -> None:
        super().__init__()
        self._title = title
        self._look = look
        self._look_for_others = others
        self._server: LocalServer | None = None
        self._others: Sequence[LocalServer] | None = None
        self._box = Box(title, "Esc back", lambda width: list(self._lines(width)))

    def compose(self) -> ComposeResult:
        """One page."""
        yield self._box

    def on_mount(self) -> None:
        """Look at once."""
        self.action_look()

    def action_look(self) -> None:
        """Look whether it runs."""
        self._server = self._others = None
        self._box.update("Esc back")
        self.run_worker(self._find(), group="look", exclusive=True)

    def action_others(self) -> None:
        """Look at the usual ports of other servers, which may belong to anything else."""
        self.run_worker(self._find_others(), group="others", exclusive=True)

    async def _find(self) -> None:
        self._server = await self._look()
        keys = "r look again · l other servers · Esc back"
        self._box.update(f"Enter use it · {keys}" if self._server.models else keys)

    async def _find_others(self) -> None:
        self._others = await self._look_for_others()
        keys = "r look again · Esc back"
        self._box.update(f"1… use one · {keys}" if self._others else keys)

    def action_go_on(self) -> None:
        """Use it, if it has something."""
        if self._server is not None and self._server.models:
            self.dismiss(self._server)

    def on_key(self, event: events.Key) -> None:
        """A digit uses one of the others."""
        if self._others and event.character and event.character.isdecimal():
            number = int(event.character)
            if 1 <= number <= len(self._others) and self._others[number - 1].models:
                event.stop()
                self.dismiss(self._others[number - 1])

    def _lines(self, width: int) -> Iterator[Line]:
        if self._server is None:
            yield from text(f"Looking for {self._title} …", width)
        else:
            yield from _server_lines(self._server, width)
        if self._others is not None:
            yield BLANK
            yield from text("Other servers on this machine:" if self._others else NONE, width)
        for number, other in enumerate(self._others or (), start=1):
            said = f"{number} {other.title} at {other.place}: {models_text(other.models)}"
            yield from text(said, width, PLAIN, INDENT)


def _server_lines(server: LocalServer, width: int) -> Iterator[Line]:
    if not server.runs:
        yield from text(f"✗ {server.title} does not run.", width, ERROR)
        yield from text(server.detail, width)
        yield from text(server.advice, width)
        return
    if not server.models:
        yield from text(f"{server.title} runs at {server.place}.", width, WARN)
        yield from text(server.advice, width)
        return
    yield from text(f"✓ {server.title} runs at {server.place}.", width, OK)
    yield BLANK
    for model in server.models:
        yield from text(model, width, PLAIN, INDENT)
