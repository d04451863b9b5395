"""Lines that may be more than the screen holds, with the usual keys to scroll them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size

from koi.tui.line_pane import LinePane
from koi.view.line import Line


class ScrollPane(LinePane, can_focus=True):
    """Shows what `source` gives for a width, from the row that was scrolled to.

    With `height: auto` it is as high as its lines.
    """

    DEFAULT_CSS = "ScrollPane { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_rows(-1)", show=False),
        Binding("down,j", "scroll_rows(1)", show=False),
        Binding("pageup", "scroll_pages(-1)", show=False),
        Binding("pagedown,space", "scroll_pages(1)", show=False),
        Binding("home", "scroll_rows(-1000000)", show=False),
        Binding("end", "scroll_rows(1000000)", show=False),
    ]

    def __init__(self, source: Callable[[int], Sequence[Line]]) -> None:
        super().__init__(self._window)
        self._all = source
        self._top = 0
        self._at_end = True

    def _window(self, width: int, height: int) -> Sequence[Line]:
        lines = self._all(width)
        last = max(0, len(lines) - height)
        self._top = min(self._top, last)
        self._at_end = self._top == last
        return lines[self._top : self._top + height]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """For `height: auto`: all lines."""
        return len(self._all(width))

    @property
    def at_end(self) -> bool:
        """True while the last line is shown."""
        return self._at_end

    def to_end(self) -> None:
        """Show the last line."""
        self.action_scroll_rows(1_000_000)

    def action_scroll_rows(self, rows: int) -> None:
        """Scroll by rows; negative is up."""
        self._top = max(0, self._top + rows)
        self.show()

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll by what is visible."""
        self.action_scroll_rows(pages * max(1, self.size.height - 1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel scrolls."""
        event.stop()
        self.action_scroll_rows(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel scrolls back."""
        event.stop()
        self.action_scroll_rows(-3)
