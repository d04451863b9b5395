"""A few possibilities to choose from, each with its explanation: ways, terms, a yes or a no.

Nothing that was typed before a question was there answers it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer

from koi.tui.grace import ALONE_S, GRACE_S
from koi.tui.screens.connect.box import Box, link, text
from koi.tui.screens.modal import Modal
from koi.view.line import BLANK, MUTED, PLAIN, Face, Line
from koi.view.lines.row import fit
from koi.view.safe_text import safe

DIGITS = 9
"""Options after these have no key of their own."""
KEYS = "↑ ↓ choose · Enter go on · Esc back"


class Option(NamedTuple):
    """One possibility. `explanation` and `address` are shown while it is chosen."""

    title: str
    hint: str = ""
    explanation: str = ""
    address: str = ""


class Choice(Modal[int | None]):
    """Its result is the index of the chosen option, None when the person went back.

    With `careful` it hears nothing until it could be read.
    """

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
        letters: str = "",
        careful: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._options = options
        self._before = before
        self._letters = letters
        """A letter for each option, in their order."""
        self._chosen = 0
        self._clock = clock
        self._deaf_until = float("inf") if careful else float("-inf")
        """Until it is shown, and then a moment longer."""
        self._digit_from = float("-inf")
        """Digits that come before this belong to something that is typed."""
        self._held: tuple[int, Timer] | None = None
        self._box = Box(title, keys, lambda width: list(self._lines(width)))

    def compose(self) -> ComposeResult:
        """One page."""
        yield self._box

    def on_mount(self) -> None:
        """A question is there to be read before it is answered."""
        if self._deaf_until > 0:
            self._deaf_until = self._clock() + GRACE_S

    def action_move(self, step: int) -> None:
        """Another option; with one alone, the rest of a page that is longer than the window."""
        if self._is_deaf():
            return
        if len(self._options) == 1:
            self._box.page.action_scroll_rows(step)
            return
        self._chosen = (self._chosen + step) % len(self._options)
        width = self._box.page.size.width
        self._box.page.reveal(len(list(self._head(width))) + self._chosen)
        self._box.update()

    def action_choose(self) -> None:
        """This one."""
        if not self._is_deaf():
            self.dismiss(self._chosen if self._held is None else self._held[0])

    def _is_deaf(self) -> bool:
        """True for keys that were typed before the question could be read."""
        now = self._clock()
        if now >= self._deaf_until:
            return False
        self._deaf_until = now + GRACE_S
        return True

    def on_key(self, event: events.Key) -> None:
        """A digit or a letter chooses at once, unless it is part of something that is typed."""
        if not event.is_printable or event.character is None or self._is_deaf():
            return
        event.stop()
        letter = self._letters.find(event.character.lower())
        index = letter if letter >= 0 else "123456789".find(event.character)
        if self._held is not None:
            if index == self._held[0]:
                return  # the same key twice
            self._held[1].stop()
            self._held = None
        elif index >= 0 and self._clock() >= self._digit_from:
            if index < len(self._options):
                self._held = index, self.set_timer(ALONE_S, self._choose_held)
            return
        self._digit_from = self._clock() + GRACE_S

    def _choose_held(self) -> None:
        if self._held is not None:
            self.dismiss(self._held[0])

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
            number = (f"{index + 1}  " if index < DIGITS else "   ", MUTED)
            face = Face("selected", "r") if chosen else PLAIN
            title = safe(option.title, keep_newlines=False)
            hint = safe(f"  {option.hint}" if option.hint else "", keep_newlines=False)
            yield Line(tuple(fit([mark, number, (title, face), (hint, MUTED)], width, cell_len)))
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
    return Choice(title, (Option("No"), Option(yes)), before=before, letters="ny", careful=True)
