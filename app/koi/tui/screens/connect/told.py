"""Says how something ended, until Enter is pressed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from koi.tui.screens.connect.box import Box, text
from koi.tui.screens.modal import Modal


class Told(Modal[None]):
    """Some lines."""

    BINDINGS: ClassVar[list[BindingType]] = [("enter,escape,q,ctrl+c", "dismiss(None)", "Go on")]

    def __init__(self, title: str, said: Sequence[str]) -> None:
        super().__init__()
        self._box = Box(
            title,
            "Enter go on",
            lambda width: [line for words in said for line in text(words, width)],
        )

    def compose(self) -> ComposeResult:
        """One page."""
        yield self._box
