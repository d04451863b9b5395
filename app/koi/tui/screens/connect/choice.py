"""A few possibilities to choose from, each with its explanation: ways, terms, a yes or a no."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from koi.tui.screens.connect.box import Box, link, text
from koi.view.line import BLANK, MUTED, PLAIN, Face, Line
from koi.view.safe_text import safe

KEYS = "↑ ↓ choose · Enter go on · Esc back"


class Option(NamedTuple):
    """One possibility. `explanation` and `address` are shown while it is chosen."""

    title: str
    hint: str = ""
    explanation: str = ""
    address: str = ""


class Choice(ModalScreen[int | None]):
    """Its result is the index of the chosen option, None when the person went back."""

    DEFAULT_CSS = "Choice { align: center middle; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k,shift+tab", "move(-1)", show=False, priority=True),
        Binding("down,j,tab", "move(1)", show=False, priority=True),
        Binding("enter", "choose", "Choose"),
        Binding("escape,ctrl+c", "dismiss(None)", "Back"),
    ]

    def __init__(
        self,
        title: str,
        options: Sequence[Option],
        *,
        before: Sequence[str] = (),
        keys: str = KEYS,
    ) -> None:
        super().__init__()
        self._options = options
        self._before = before
        self._chosen = 0
        self._box = Box(title, keys, lambda width: list(self._lines(width)))

    def compose(self) -> ComposeResult:
        """One page."""
        yield self._box

    def action_move(self, step: int) -> None:
        """Another option."""
        self._chosen = (self._chosen + step) % len(self._options)
        width = self._box.page.size.width
        self._box.page.reveal(len(list(self._head(width))) + self._chosen)
        self._box.update()

    def action_choose(self) -> None:
        """This one."""
        self.dismiss(self._chosen)

    def on_key(self, event: events.Key) -> None:
        """A digit chooses at once."""
        if event.character and event.character.isdecimal():
            number = int(event.character)
            if 1 <= number <= len(self._options):
                event.stop()
                self.dismiss(number - 1)

    def _head(self, width: int) -> Iterator[Line]:
        for words in self._before:
            yield from text(words, width)
        if self._before:
            yield BLANK

    def _lines(self, width: int) -> Iterator[Line]:
        yield from self._head(width)
        for index, option in enumerate(self._options):
            chosen = index == self._chosen
            mark = ("▸ " if chosen else "  ", Face("accent", "b"))
            number = (f"{index + 1}  ", MUTED)
            face = Face("selected", "r") if chosen else PLAIN
            title = safe(option.title, keep_newlines=False)
            hint = safe(f"  {option.hint}" if option.hint else "", keep_newlines=False)
            yield Line((mark, number, (title, face), (hint, MUTED)))
        option = self._options[self._chosen]
        if option.explanation:
            yield BLANK
            yield from text(option.explanation, width)
        if option.address:
            yield from link(option.address, width)


def yes_or_no(
    title: str, question: str, explanation: str, address: str = "", *, yes: str = "Yes"
) -> Choice:
    """A question whose default is no: its result is 1 for a yes."""
    before = tuple(words for words in (explanation, address, question) if words)
    return Choice(title, (Option("No"), Option(yes)), before=before)
