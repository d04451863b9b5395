"""The prompt: several lines, history, chips for large pastes. A key costs no layout."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from rich.text import Text
from textual import events
from textual.document._document import EditResult, Location, Selection
from textual.document._edit import Edit
from textual.message import Message
from textual.widget import Widget
from textual.widgets import TextArea

from koi.core.errors import StorageError
from koi.tui.commands import given_key
from koi.tui.keys import PROMPT_ACTIONS, default_keys
from koi.tui.prompt.chips import Chips, is_large
from koi.tui.prompt.completion import CompletionList
from koi.tui.prompt.history import Entry, HistoryWalk, PromptHistory
from koi.view.safe_text import safe

MAX_ROWS = 8
PLACEHOLDER = "Ask koi to do something, or type /help"


class PromptEditor(TextArea):
    """Grows from one row to eight with its text, then scrolls."""

    DEFAULT_CSS = """
    PromptEditor {
        height: auto;
        max-height: 10;
        border: round $border-blurred;
        padding: 0 1;
        background: $background;
        scrollbar-size-vertical: 1;
        &:focus { border: round $border; }
        & .text-area--placeholder { color: $border-blurred; }
        &.compact { border: none; max-height: 3; }
    }
    """

    @dataclass
    class Submitted(Message):
        """The person sent a prompt; chips are expanded."""

        text: str

    class QuitRequested(Message):
        """The key that quits, on an empty prompt."""

    def __init__(
        self,
        *,
        history: PromptHistory | None = None,
        keys: Mapping[str, str] | None = None,
        completion: CompletionList | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._chips = Chips()  # asked for while the base class sets its text
        self._completion = completion
        super().__init__(
            id="prompt", highlight_cursor_line=False, placeholder=PLACEHOLDER, soft_wrap=True
        )
        self.cursor_blink = False  # no timer runs while koi waits
        self.last_typed = float("-inf")
        """When a key reached the prompt last, in monotonic seconds."""
        self.tab_target: Widget | None = None
        """What Tab goes to; None: the next widget."""
        self._clock = clock
        self._history = history or PromptHistory()
        self._walk: HistoryWalk | None = None
        self._actions = self._take_keys(keys or default_keys())

    def _take_keys(self, keys: Mapping[str, str]) -> dict[str, str]:
        """Key → action of the prompt. The editor gives up keys that the screen uses."""
        actions: dict[str, str] = {}
        for action, names in keys.items():
            for name in names.split(","):
                self._bindings.key_to_bindings.pop(name.strip(), None)
                if action in PROMPT_ACTIONS:
                    actions[name.strip()] = action
        if actions.get("ctrl+d") == "quit_when_empty":
            self._bindings.bind("ctrl+d", "delete_right", show=False)
        return actions

    # What others may do with the prompt.

    @property
    def is_empty(self) -> bool:
        """True when nothing is typed."""
        return self.document.line_count == 1 and not self.document[0]

    @property
    def draft(self) -> str:
        """What would be sent now; chips are expanded."""
        return self._chips.expand(self.text)

    def set_draft(self, text: str) -> None:
        """Replace what is typed, with the cursor at its end."""
        self._show(Entry(safe(text)))
        self._walk = None

    def clear(self) -> EditResult:
        """Throw away what is typed. It can be undone."""
        result = super().clear()
        self._walk = None
        self._complete()
        return result

    def type_text(self, text: str) -> None:
        """Put in characters that were typed while something else had the focus."""
        self.last_typed = self._clock()
        self._replace_via_keyboard(safe(text), *self.selection)

    def paste(self, text: str) -> None:
        """Put in pasted text: control characters go, a large text becomes a chip.

        A key behind a command is sent at once: it never stands there.
        """
        text = safe(text)
        line = f"{self.text}{text}".strip()
        if _gives_key(line):
            self.clear()
            self.post_message(self.Submitted(line))
            return
        if is_large(text):
            text = self._chips.add(text, self.text)
        self._replace_via_keyboard(text, *self.selection)

    # Keys.

    async def on_key(self, event: events.Key) -> None:
        """Everything that a key may do here, in the order of the keys."""
        if event.key != "tab" or self.tab_target is None:
            self.last_typed = self._clock()
        if await self._handled(event):
            event.stop()
            event.prevent_default()

    async def _handled(self, event: events.Key) -> bool:
        action = self._actions.get(event.key, "")
        if self._completion is not None and self._completes(event.key, action):
            return True
        match action or event.key:
            case "send":
                self._send()
                return True
            case "newline":
                self._replace_via_keyboard("\n", *self.selection)
                return True
            case "undo":
                self.undo()
                return True
            case "quit_when_empty" if self.is_empty:
                self.post_message(self.QuitRequested())
                return True
            case "up" if self.navigator.is_first_wrapped_line(self.cursor_location):
                if self._recall(older=True):
                    return True
            case "down" if self.navigator.is_last_wrapped_line(self.cursor_location):
                if self._recall(older=False):
                    return True
            case "tab" if self.tab_target is not None:
                self.tab_target.focus()
                return True
        # Textual would look for bindings only after the key went up to the application; keys that
        # were typed behind it would overtake it.
        bindings = self._bindings.key_to_bindings.get(event.key, ())
        for binding in bindings:
            await self.run_action(binding.action)
        return bool(bindings)

    async def on_paste(self, event: events.Paste) -> None:
        """A paste never sends."""
        event.stop()
        event.prevent_default()
        self.last_typed = self._clock()
        self.paste(event.text)

    def _send(self) -> None:
        row, column = self.cursor_location
        line = self.document[row]
        if self.selection.is_empty and column == len(line) and line.endswith("\\"):
            self._replace_via_keyboard("\n", (row, column - 1), (row, column))
            return
        entry = self._entry()
        text = self._chips.expand(entry.text)
        if not text.strip():
            return
        self._show(Entry(""))
        self._walk = None
        self.post_message(self.Submitted(text))
        if not _gives_key(text) and self._history.remember(entry):
            save = partial(self._save, entry)
            self.run_worker(save, group="history", thread=True, exit_on_error=False)

    def _save(self, entry: Entry) -> None:
        try:
            self._history.save(entry)
        except StorageError as error:
            self._report(error)

    def _report(self, error: StorageError) -> None:
        self.app.notify(f"{safe(error.title)} {error.hint}", severity="warning", markup=False)

    # Completion.

    def _completes(self, key: str, action: str) -> bool:
        """True when the key was one for the list above the prompt."""
        completion = self._completion
        assert completion is not None
        completion.follow(self.text)
        if not completion.is_open:
            return False
        text: str | None = None
        match "tab" if key == "tab" else action or key:
            case "tab":
                text = completion.accept()
            case "send":
                text = completion.accept_for_sending()
            case "up" | "down":
                completion.move(-1 if key == "up" else 1)
                return True
            case "escape":
                completion.close()
                return True
            case _:
                return False
        if text is None:
            return False
        self._show(Entry(text))
        if action == "send" and " " in text.strip():
            self._send()  # a command with its argument: nothing is left to type
        return True

    def _complete(self) -> None:
        if self._completion is not None:
            self._completion.follow(self.text)

    def on_text_area_changed(self) -> None:
        """Undo and redo change the text, too."""
        self._complete()

    # History.

    def _entry(self) -> Entry:
        return Entry(self.text, self._chips.used(self.document.lines))

    def _recall(self, *, older: bool) -> bool:
        if self._walk is None or self._walk.shown.text != self.text:
            if not older:
                return False
            try:
                self._walk = HistoryWalk(self._history.entries(), self._entry())
            except StorageError as error:
                self._report(error)
                return False
        entry = self._walk.older() if older else self._walk.newer()
        if entry is None:
            return False
        self._show(entry)
        if older:
            self.move_cursor((0, len(self.document[0])))
        return True

    def _show(self, entry: Entry) -> None:
        self._chips = Chips(entry.pastes)
        self.load_text(safe(entry.text))
        self.move_cursor(self.document.end)
        self._complete()

    # Chips are one piece: the cursor does not enter them, and no edit leaves a half of one.

    def validate_selection(self, selection: Selection) -> Selection:
        """Put a cursor that would be inside a chip to the side that it was moving to."""
        start, end = selection
        forward = end > self.selection.end
        return Selection(self._beside(start, forward), self._beside(end, forward))

    def _beside(self, location: Location, forward: bool) -> Location:
        row, column = location
        if row >= self.document.line_count:
            return location
        chip = self._chips.around(self.document[row], column)
        return location if chip is None else (row, chip[forward])

    def edit(self, edit: Edit) -> EditResult:
        """Make an edit; one that would cut a chip takes the whole of it."""
        top, bottom = edit.top, edit.bottom
        first = self._beside(top, forward=top == bottom)
        last = self._beside(bottom, forward=True)
        if (first, last) != (top, bottom):
            edit = replace(edit, from_location=first, to_location=last)
        result = super().edit(edit)
        self._complete()
        return result

    def get_line(self, line_index: int) -> Text:
        """A line with its chips marked."""
        text = super().get_line(line_index)
        for start, end in self._chips.spans(text.plain):
            text.stylize("bold cyan", start, end)
        return text


def _gives_key(line: str) -> bool:
    """True for a command with a key in it."""
    word, space, rest = line.partition(" ")
    if not (space and word.startswith("/")) or "\n" in line.strip():
        return False
    return given_key(rest) is not None
