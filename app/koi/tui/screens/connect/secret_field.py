"""A field for a key. What is typed is not shown, not kept in any history, and cannot be copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from koi.core.secret import Secret
from koi.credentials.key_check import cleaned
from koi.tui.line_pane import LinePane
from koi.view.line import MUTED, PLAIN, Face, Line
from koi.view.lines.row import fit

PLACEHOLDER = "paste the key here"


class SecretField(LinePane, can_focus=True):
    """Dots for what is there; after pasting also the last four characters, to recognise it by."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", show=False),
        Binding("backspace,ctrl+h", "delete", show=False),
        Binding("ctrl+u,ctrl+w,delete", "clear", show=False),
    ]

    @dataclass
    class Submitted(Message):
        """Enter was pressed. The field is empty again."""

        secret: Secret

    def __init__(self, given: Secret | None = None) -> None:
        super().__init__(self._lines_now)
        self._characters: list[str] = [] if given is None else list(given.reveal())
        self._whole = given is not None
        """It came in one piece, so its end says nothing about how it was typed."""

    def on_key(self, event: events.Key) -> None:
        """Take a character."""
        if event.is_printable and event.character is not None:
            event.stop()
            event.prevent_default()
            self._characters.append(event.character)
            self._changed(whole=False)

    def on_paste(self, event: events.Paste) -> None:
        """Take all of it, without what was copied along."""
        event.stop()
        event.prevent_default()
        self._characters.extend(event.text.strip() if self._characters else cleaned(event.text))
        self._changed(whole=True)

    def on_unmount(self) -> None:
        """Whoever leaves takes nothing along."""
        self._characters.clear()

    def action_delete(self) -> None:
        """Remove the last character."""
        del self._characters[-1:]
        self._changed(whole=False)

    def action_clear(self) -> None:
        """Remove everything."""
        self._characters.clear()
        self._changed(whole=False)

    def action_submit(self) -> None:
        """Hand it over, and forget it here."""
        secret = Secret("".join(self._characters))
        self.action_clear()
        self.post_message(self.Submitted(secret))

    def _changed(self, *, whole: bool) -> None:
        self._whole = whole
        self.show()

    def _lines_now(self, width: int, height: int) -> Sequence[Line]:
        cursor = (" ", Face("", "r")) if self.has_focus else (" ", PLAIN)
        if not self._characters:
            return [Line((cursor, (PLACEHOLDER, MUTED)))]
        label = Secret("".join(self._characters)).label if self._whole else ""
        dots = "•" * min(len(self._characters), max(1, width - 24))
        number = len(self._characters)
        count = f"  {number} character{'' if number == 1 else 's'}"
        spans = [(f"{dots}{label.removeprefix('…')}", PLAIN), cursor, (count, MUTED)]
        return [Line(tuple(fit(spans, width, cell_len)))]
