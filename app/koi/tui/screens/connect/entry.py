"""One line to type: a domain, an address, a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from koi.core.errors import KoiError, UsageError
from koi.tui.screens.chooser import FilterInput
from koi.tui.screens.connect.box import ERROR, Box, text
from koi.tui.screens.modal import Modal
from koi.view.line import BLANK, Line


class Entry(Modal[str | None]):
    """Its result is what was typed, as `check` gives it back; None when the person went back.

    `check` raises KoiError for what cannot be taken.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape,ctrl+c", "dismiss(None)", "Back")]

    def __init__(
        self,
        title: str,
        words: str,
        *,
        start: str = "",
        placeholder: str = "",
        check: Callable[[str], str] = str.strip,
    ) -> None:
        super().__init__()
        self._words = words
        self._check = check
        self._problem: KoiError | None = None
        self._input = FilterInput(start, placeholder=placeholder)
        self._input.cursor_blink = False
        self._box = Box(
            title, "Enter go on · Esc back", lambda width: list(self._lines(width)), self._input
        )

    def compose(self) -> ComposeResult:
        """The words above the field."""
        yield self._box

    @on(FilterInput.KeyGiven)
    def _key_given(self, event: FilterInput.KeyGiven) -> None:
        event.stop()
        self._problem = UsageError(
            "this looks like a key, and is not kept here",
            hint="koi asks for the key when the server wants one.",
        )
        self._box.update()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            taken = self._check(event.value)
        except KoiError as error:
            self._problem = error
            self._box.update()
        else:
            self.dismiss(taken)

    def _lines(self, width: int) -> Iterator[Line]:
        yield from text(self._words, width)
        if self._problem is not None:
            yield from text(self._problem.title, width, ERROR)
            yield from text(self._problem.hint, width)
        yield BLANK
