"""Amazon Bedrock: whether the credentials of AWS work, and the other way, a key of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import ClassVar, Literal, TypeAlias

from textual.app import ComposeResult
from textual.binding import BindingType

from koi.core.errors import KoiError
from koi.tui.screens.connect.box import ERROR, OK, Box, text
from koi.tui.screens.modal import Modal
from koi.view.connecting import models_text
from koi.view.line import BLANK, Line

Models = Callable[[], Awaitable[Sequence[str]]]
Outcome: TypeAlias = Literal["works", "key"]


class AwsScreen(Modal[Outcome | None]):
    """Its result says whether the credentials work or a key is to be entered; None: went back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("enter", "go_on", "Go on"),
        ("p", "dismiss('key')", "Paste a key"),
        ("r", "look", "Look again"),
        ("escape,ctrl+c", "dismiss(None)", "Back"),
    ]

    def __init__(self, title: str, models: Models) -> None:
        super().__init__()
        self._models = models
        self._found: Sequence[str] | None = None
        self._failure: KoiError | None = None
        self._box = Box(title, "Esc back", lambda width: list(self._lines(width)))

    def compose(self) -> ComposeResult:
        """One page."""
        yield self._box

    def on_mount(self) -> None:
        """Ask at once."""
        self.action_look()

    def action_look(self) -> None:
        """Ask Bedrock with what is found."""
        self._found = self._failure = None
        self._box.update("p paste a key · Esc back")
        self.run_worker(self._ask(), group="look", exclusive=True)

    async def _ask(self) -> None:
        try:
            self._found = await self._models()
        except KoiError as error:
            self._failure = error
            self._box.update("p paste a key · r look again · Esc back")
        else:
            self._box.update("Enter go on · p paste a key · Esc back")

    def action_go_on(self) -> None:
        """Use the credentials that work."""
        if self._found is not None:
            self.dismiss("works")

    def _lines(self, width: int) -> Iterator[Line]:
        if self._failure is not None:
            yield from text(f"✗ {self._failure.title}", width, ERROR)
            yield BLANK
            yield from text(self._failure.hint, width)
        elif self._found is not None:
            yield from text("✓ Your AWS credentials work.", width, OK)
            yield from text(f"Bedrock has {models_text(self._found)}.", width)
        else:
            yield from text("Asking Bedrock with the credentials of AWS …", width)
