"""Shown when koi finds no model that it could use: the three ways in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, TypeAlias

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from koi.catalogue.catalogue import load_catalogue
from koi.tui.screens.scroll_pane import ScrollPane
from koi.view.line import BLANK, PLAIN, Face, Line, Prefix
from koi.view.safe_text import safe
from koi.view.wrap import wrap_text

NextStep: TypeAlias = Literal["demo", "again", "quit"]
MAX_VARIABLES = 6
FRAME_ROWS = 4
"""Border and padding of the page, above and below."""

_STRONG = Face("", "b")
_CODE = Face("code")
_NOTE = Face("warn")
_INDENT: Prefix = (("   ", PLAIN),)


class FirstRun(ModalScreen[NextStep]):
    """`notes` says what was found and what is wrong with it, one note a line."""

    DEFAULT_CSS = """
    FirstRun { align: center middle; }
    FirstRun Vertical {
        width: 90%; max-width: 84; height: auto;
        border: round $border; padding: 1 2; background: $background;
    }
    FirstRun ScrollPane { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("enter", "dismiss('demo')", "Demo"),
        ("r", "dismiss('again')", "Look again"),
        ("escape,ctrl+c,ctrl+d", "dismiss('quit')", "Quit"),
    ]

    def __init__(self, notes: str = "") -> None:
        super().__init__()
        self._notes = notes

    def compose(self) -> ComposeResult:
        """One page that scrolls when the terminal is small."""
        with Vertical() as box:
            box.border_title = "welcome to koi"
            box.border_subtitle = "Enter demo · r look again · Esc quit"
            yield ScrollPane(lambda width: list(first_run_lines(self._notes, width)))

    def on_mount(self) -> None:
        """Keys scroll, where the terminal is too small for the page."""
        self.query_one(ScrollPane).focus()

    def on_resize(self, event: events.Resize) -> None:
        """The page is never higher than the terminal: what does not fit would be out of reach."""
        self.query_one(ScrollPane).styles.max_height = max(1, event.size.height - FRAME_ROWS)


def first_run_lines(notes: str, width: int) -> Iterator[Line]:
    """The whole page, wrapped to a width."""
    yield from wrap_text("koi found no model that it can use yet.", width, cell_len, _STRONG)
    yield BLANK
    if notes:
        for note in safe(notes).splitlines():
            yield from wrap_text(safe(note), width, cell_len, _NOTE)
        yield BLANK
    yield from _way("1", "With a key in the environment", width)
    yield from _text("Leave with Esc, type a line such as this one, and start koi again:", width)
    yield Line((*_INDENT, ("export ANTHROPIC_API_KEY=…", _CODE)))
    yield from _text(f"koi knows {', '.join(key_variables())} and more: koi providers", width)
    yield BLANK
    yield from _way("2", "With a model on this machine, for nothing", width)
    yield from _text("Start Ollama (https://ollama.com), then in another terminal:", width)
    yield Line((*_INDENT, ("ollama pull llama3.3", _CODE)))
    yield from _text("and press r here.", width)
    yield BLANK
    yield from _way("3", "Without anything: the demo", width)
    yield from _text("Press Enter. It works offline, with koi's real tools.", width)


def key_variables() -> list[str]:
    """The variables of the best known providers, in their order."""
    rows = [row for row in load_catalogue().rows if row.profile.default_model]
    names = [row.company.api_key_env[0] for row in rows if row.company.api_key_env]
    return names[:MAX_VARIABLES]


def _way(number: str, title: str, width: int) -> list[Line]:
    return wrap_text(title, width, cell_len, _STRONG, ((f"{number}  ", _STRONG),), _INDENT)


def _text(text: str, width: int) -> list[Line]:
    return wrap_text(text, width, cell_len, PLAIN, _INDENT, _INDENT)
