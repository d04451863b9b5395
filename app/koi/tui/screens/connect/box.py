"""A framed page for the screens of connecting: lines that scroll, and fields below them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size
from textual.widget import Widget

from koi.tui.screens.scroll_pane import ScrollPane
from koi.view.line import MUTED, PLAIN, Face, Line, Prefix
from koi.view.safe_text import safe
from koi.view.wrap import wrap_text

FRAME_ROWS = 4
"""Border and padding, above and below."""
STRONG = Face("", "b")
CODE = Face("code")
OK = Face("ok", "b")
WARN = Face("warn")
ERROR = Face("error", "b")
INDENT: Prefix = (("   ", PLAIN),)


class Page(ScrollPane):
    """As high as its lines, and never higher than the window leaves room for."""

    DEFAULT_CSS = "Page { height: auto; }"

    def __init__(self, source: Callable[[int], Sequence[Line]], below: int) -> None:
        super().__init__(source)
        self._below = below
        self._rows = 0

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """All lines, or what is left beside the frame and the fields below."""
        self._rows = len(self._all(width))
        return max(1, min(self._rows, viewport.height - FRAME_ROWS - self._below))

    def reveal(self, row: int) -> None:
        """Scroll as little as is needed to show a row."""
        self._top = max(row - max(1, self.size.height) + 1, min(self._top, row))

    def update(self) -> None:
        """The lines changed: a layout only when there are more or fewer of them."""
        if self.size.width and len(self._all(self.size.width)) != self._rows:
            self.refresh(layout=True)
        self.show()


class Box(Vertical):
    """Title, lines, fields, and what the keys do. Keys go to the first field, else to the page."""

    DEFAULT_CSS = """
    Box {
        width: 90%; max-width: 88; height: auto;
        border: round $border; padding: 1 2; background: $background;
        Input {
            border: none; height: 1; padding: 0; background: $background;
            &:focus { border: none; }
            & .input--placeholder { color: $border-blurred; }
        }
    }
    """

    def __init__(
        self, title: str, keys: str, source: Callable[[int], Sequence[Line]], *fields: Widget
    ) -> None:
        super().__init__()
        self.border_title = safe(title, keep_newlines=False)
        self.border_subtitle = keys
        self.page = Page(source, sum(_rows_of(field) for field in fields))
        self.fields = fields

    def compose(self) -> ComposeResult:
        """The page above its fields."""
        yield self.page
        yield from self.fields

    def on_mount(self) -> None:
        """Keys go where something can be typed."""
        (self.fields[0] if self.fields else self.page).focus()

    def update(self, keys: str | None = None) -> None:
        """The lines changed, and perhaps what the keys do."""
        if keys is not None and keys != self.border_subtitle:
            self.border_subtitle = keys
        self.page.update()


def text(words: str, width: int, face: Face = PLAIN, first: Prefix = ()) -> list[Line]:
    """Words from anywhere, wrapped, as they may be shown."""
    rest: Prefix = ((" " * sum(cell_len(part) for part, _ in first), PLAIN),) if first else ()
    return wrap_text(safe(words), width, cell_len, face, first, rest)


def link(url: str, width: int, first: Prefix = ()) -> list[Line]:
    """An address; it can be clicked where the terminal follows links."""
    shown = safe(url, keep_newlines=False)
    return text(shown, width, Face("link", href=shown) if shown == url else CODE, first)


def muted(words: str, width: int) -> list[Line]:
    """Words that matter less."""
    return text(words, width, MUTED)


def _rows_of(field: Widget) -> int:
    return 2 if field.has_class("spaced") else 1
