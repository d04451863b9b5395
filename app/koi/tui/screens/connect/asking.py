"""Shown while a server is asked for something; Esc gives up."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType

from koi.core.errors import KoiError
from koi.tui.screens.connect.box import ERROR, Box, text
from koi.tui.screens.modal import Modal
from koi.view.line import Line

Answer = TypeVar("Answer")


class Asking(Modal[Answer | KoiError | None], Generic[Answer]):
    """Its result is the answer or the error of `work`, None when the person gave up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("enter", "go_on", "Go on"),
        ("escape,ctrl+c", "give_up", "Give up"),
    ]

    def __init__(self, title: str, asked: str, work: Coroutine[None, None, Answer]) -> None:
        super().__init__()
        self._asked = asked
        self._work = work
        self._failure: KoiError | None = None
        self._box = Box(title, "Esc give up", self._lines)

    def compose(self) -> ComposeResult:
        """One page."""
        yield self._box

    def on_mount(self) -> None:
        """Ask."""
        self.run_worker(self._ask(), group="asking")

    async def _ask(self) -> None:
        try:
            self.dismiss(await self._work)
        except KoiError as error:
            if error.kind == "auth":
                self.dismiss(error)
                return
            self._failure = error
            self._box.update("Enter go on · Esc give up")

    def action_go_on(self) -> None:
        """After an error."""
        if self._failure is not None:
            self.dismiss(self._failure)

    def action_give_up(self) -> None:
        """Esc."""
        self.workers.cancel_group(self, "asking")
        self.dismiss(None)

    def _lines(self, width: int) -> list[Line]:
        if self._failure is None:
            return text(f"Asking {self._asked} …", width)
        failed = text(f"✗ {self._failure.title}", width, ERROR)
        return [*failed, *text(self._failure.hint, width)]
