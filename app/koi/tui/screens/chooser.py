"""A list that is filtered while one types: what the model list and the session list share."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events, on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from koi.core.secret import Secret
from koi.tui.line_pane import LinePane
from koi.view.graphemes import shorten
from koi.view.line import MUTED, Line
from koi.view.safe_text import safe

_SCROLLS = re.compile("scroll_|page_")
"""What every widget of Textual does with the arrows; here they move the choice."""
KEY_GIVEN = "this looks like a key: it is not kept here; /connect takes keys"
Draw = Callable[[int, int, bool], Line]
"""A row by its index, for a width; the last argument is True for the chosen one."""


class FilterInput(Input):
    """One line of text. What is pasted into it cannot reach the terminal unchanged.

    A key is not taken in: it would stand there for everybody to read.
    """

    takes_keys = False
    """True where something that looks like a key is none."""

    @dataclass
    class KeyGiven(Message):
        """What was pasted or typed is a key."""

        key: Secret

    others: Collection[str] = frozenset()
    """Keys that do something else where it is used, and edit nothing."""

    async def on_key(self, event: events.Key) -> None:
        """Edit at once: Textual would look for bindings only after the key went up to the
        application, and letters that were typed behind it would overtake it.
        """
        if event.key in self.others:
            event.prevent_default()
            return
        bindings = self._bindings.key_to_bindings.get(event.key, ())
        edits = [binding for binding in bindings if not _SCROLLS.match(binding.action)]
        if event.key == "ctrl+c":  # see action_copy
            return
        for binding in edits:
            await self.run_action(binding.action)
        if edits:
            event.stop()
            event.prevent_default()

    def action_copy(self) -> None:
        """Ctrl+C means to leave, also when some of the text is selected."""
        raise SkipAction

    def validate_value(self, value: str) -> str:
        """The text, "" for a key."""
        return "" if self._gives_key(value) else value

    def _gives_key(self, text: str) -> bool:
        """True when there was a key in it, which is told to the others."""
        if self.takes_keys or not text:
            return False
        from koi.catalogue.catalogue import load_catalogue
        from koi.credentials.key_check import unasked_key

        for part in (text, *text.split()):
            key = unasked_key(part, load_catalogue())
            if key is not None:
                self.post_message(self.KeyGiven(key))
                return True
        return False

    def on_paste(self, event: events.Paste) -> None:
        """Put the first line in, without control characters."""
        event.stop()
        event.prevent_default()
        lines = safe(event.text).strip().splitlines()
        first = lines[0].replace("\t", " ") if lines else ""
        if not self._gives_key(first):
            self.insert_text_at_cursor(first)


class Rows(LinePane):
    """The rows around the chosen one."""

    DEFAULT_CSS = "Rows { height: 1fr; }"

    @dataclass
    class Clicked(Message):
        """A row was clicked."""

        index: int

    def __init__(self, draw: Draw, beside: LinePane | None = None) -> None:
        super().__init__(self._window)
        self._draw = draw
        self._beside = beside
        self._top = 0
        self._headings: Collection[int] = ()
        self.count = 0
        self.selected = 0
        self.note = ""
        """Said below the rows."""

    def show(self) -> None:
        """Show them anew, and `beside`, which tells of the chosen one."""
        super().show()
        if self._beside is not None:
            self._beside.show()

    def fill(
        self, count: int, selected: int, note: str, headings: Collection[int] = frozenset()
    ) -> None:
        """Other rows are to be shown. Those in `headings` cannot be chosen."""
        self.count, self.note, self._headings = count, note, headings
        self.selected = max(0, min(selected, count - 1))
        self.show()

    def tell(self, note: str) -> None:
        """Say something else below the same rows."""
        self.note = note
        self.show()

    def choose(self, index: int) -> bool:
        """Choose a row; False when it cannot be."""
        if index >= self.count or index in self._headings:
            return False
        self.selected = index
        self.show()
        return True

    def move(self, step: int, *, around: bool = False) -> None:
        """Choose another row."""
        if not self.count:
            return
        target = self.selected + step
        target = target % self.count if around else max(0, min(target, self.count - 1))
        self.selected = self._landing(target, 1 if step > 0 else -1, around=around)
        self.show()

    def _landing(self, target: int, direction: int, *, around: bool) -> int:
        """The next row in a direction that is no heading; at the end of the list, the last one."""
        for _ in range(self.count):
            if target not in self._headings:
                return target
            target += direction
            if around:
                target %= self.count
            elif not 0 <= target < self.count:
                direction = -direction
                target += 2 * direction
        return self.selected

    def _window(self, width: int, height: int) -> Sequence[Line]:
        text = shorten(f" {self.note}", width, cell_len)
        note = [Line(((text, MUTED),))] if self.note else []
        room = max(1, height - len(note))
        first = self.selected - (self.selected - 1 in self._headings and room > 1)
        self._top = max(self.selected - room + 1, min(self._top, first))
        self._top = max(0, min(self._top, self.count - room))
        shown = range(self._top, min(self.count, self._top + room))
        return [*(self._draw(index, width, index == self.selected) for index in shown), *note]

    def on_click(self, event: events.Click) -> None:
        """A click chooses a row."""
        index = self._top + event.y
        if index < self.count and index not in self._headings:
            self.post_message(self.Clicked(index))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the choice."""
        event.stop()
        self.move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the choice back."""
        event.stop()
        self.move(-1)


class Chooser(Vertical):
    """A title, a filter and rows. Its owner gives the rows and says what a filter leaves.

    `above` and `below` stand around them, `below` tells of the chosen row; `others` are keys that
    do something else than editing the filter.
    """

    DEFAULT_CSS = """
    Chooser {
        width: 90%; max-width: 110; height: 80%;
        border: round $border; padding: 0 1; background: $background;
        FilterInput {
            border: none; height: 1; padding: 0; margin-bottom: 1; background: $background;
            &:focus { border: none; }
            & .input--placeholder { color: $border-blurred; }
        }
    }
    """

    @dataclass
    class Filtered(Message):
        """Another filter was typed."""

        text: str

    class Chosen(Message):
        """With Enter or a click. `chosen` is it: a filter that was typed before is in use then."""

    def __init__(
        self,
        title: str,
        placeholder: str,
        draw: Draw,
        *,
        above: LinePane | None = None,
        below: LinePane | None = None,
        others: Collection[str] = (),
        takes_keys: bool = False,
    ) -> None:
        super().__init__()
        self.border_title = title
        self.border_subtitle = "Enter choose · Esc back"
        self.rows = Rows(draw, below)
        self._filter = FilterInput(placeholder=placeholder)
        self._filter.others = frozenset(others)
        self._filter.takes_keys = takes_keys
        self._above, self._below = above, below

    def compose(self) -> ComposeResult:
        """The filter above the rows."""
        if self._above is not None:
            yield self._above
        yield self._filter
        yield self.rows
        if self._below is not None:
            yield self._below

    @property
    def chosen(self) -> int | None:
        """The row that is chosen now, None when there is none."""
        return self.rows.selected if self.rows.count else None

    def clear(self) -> None:
        """Empty the filter; `Filtered` says so."""
        self._filter.value = ""

    def on_mount(self) -> None:
        """Keys go to the filter."""
        self._filter.cursor_blink = False
        self._filter.focus()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Filtered(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Chosen())

    @on(FilterInput.KeyGiven)
    def _key_given(self) -> None:
        self.rows.tell(KEY_GIVEN)

    @on(Rows.Clicked)
    def _clicked(self, event: Rows.Clicked) -> None:
        event.stop()
        if self.rows.choose(event.index):
            self.post_message(self.Chosen())

    def on_key(self, event: events.Key) -> None:
        """Keys that move the choice while the filter has the focus."""
        page = max(1, self.rows.size.height - 2)
        match event.key:
            case "up" | "ctrl+p":
                self.rows.move(-1, around=True)
            case "down" | "ctrl+n":
                self.rows.move(1, around=True)
            case "pageup":
                self.rows.move(-page)
            case "pagedown":
                self.rows.move(page)
            case "ctrl+home":
                self.rows.move(-self.rows.count)
            case "ctrl+end":
                self.rows.move(self.rows.count)
            case _:
                return
        event.stop()


def matches(text: str, filter_text: str) -> bool:
    """True when every word of the filter is in the text, in any case."""
    text = text.lower()
    return all(word in text for word in filter_text.lower().split())
