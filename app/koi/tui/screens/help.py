"""Every key and every command, as they are for this person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from koi.tui.commands import COMMANDS
from koi.tui.keys import KEYS, KEYS_FILE, PICKER_KEYS, Key, key_label
from koi.tui.screens.modal import Modal
from koi.tui.screens.scroll_pane import ScrollPane
from koi.view.line import BLANK, MUTED, PLAIN, Face, Line
from koi.view.wrap import wrap_text

_COLUMN = 26
_STRONG = Face("accent", "b")
_TITLE = Face("title", "b")


class HelpScreen(Modal[None]):
    """`keys` maps actions to the keys that the person has for them."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen Vertical {
        width: 90%; max-width: 100; height: 85%;
        border: round $border; padding: 0 1; background: $background;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,enter,f1,ctrl+c", "dismiss", "Close")]

    def __init__(self, keys: Mapping[str, str]) -> None:
        super().__init__()
        self._keys = keys
        self._page = ScrollPane(lambda width: list(help_lines(self._keys, width)))

    def compose(self) -> ComposeResult:
        """One page that scrolls."""
        with Vertical() as box:
            box.border_title = "help"
            box.border_subtitle = "↑ ↓ PgUp PgDn scroll · Esc close"
            yield self._page

    def on_mount(self) -> None:
        """Keys scroll."""
        self._page.focus()


def help_lines(keys: Mapping[str, str], width: int) -> Iterator[Line]:
    """Keys, then commands, then what else the prompt understands."""
    yield Line((("Keys", _TITLE),))
    yield from _keys(KEYS, keys, width)
    yield BLANK
    yield Line((("In the list of models", _TITLE),))
    yield from _keys(PICKER_KEYS, keys, width)
    yield BLANK
    yield from _entry("", f"Change them in {KEYS_FILE}, beside config.toml.", width)
    yield BLANK
    yield Line((("Commands", _TITLE),))
    for command in COMMANDS:
        name = f"/{command.name} {command.argument}".strip()
        aliases = ", ".join(f"/{alias}" for alias in command.aliases)
        also = f" (also {aliases})" if aliases else ""
        yield from _entry(name, command.description + also, width)
    yield BLANK
    yield Line((("In the prompt", _TITLE),))
    yield from _entry("↑ ↓", "Earlier prompts that begin with what is typed", width)
    yield from _entry("\\ Enter", "New line, in every terminal", width)
    yield from _entry("Tab", "Complete a command; answer a question of koi", width)


def _keys(table: Iterable[Key], keys: Mapping[str, str], width: int) -> Iterator[Line]:
    for key in table:
        labels = ", ".join(key_label(name) for name in keys[key.action].split(","))
        yield from _entry(labels, key.description, width)


def _entry(name: str, description: str, width: int) -> list[Line]:
    head = f"  {name}"
    gap = _COLUMN - cell_len(head)
    face = PLAIN if name else MUTED
    rest = ((" " * _COLUMN, PLAIN),)
    if gap < 1:
        return [
            Line(((head, _STRONG),)),
            *wrap_text(description, width, cell_len, face, rest, rest),
        ]
    first = ((head, _STRONG), (" " * gap, PLAIN))
    return wrap_text(description, width, cell_len, face, first, rest)
