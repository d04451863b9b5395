"""One line-API widget for the whole transcript: it paints rows that differ and never asks for a
layout, so a token costs the same in message 1 and in message 1,000.
"""

from __future__ import annotations

from rich.cells import cell_len
from rich.style import Style
from textual import events
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from koi.tui.paint import Mark, Painter, changed_cells, filtered, painter_for
from koi.tui.scroll_bar import move
from koi.tui.theme import SELECTION
from koi.view.line import BLANK, FOLD, Line
from koi.view.transcript import Transcript

LINE_BITS = 24
"""A selection's y is item << LINE_BITS | line: it stays right when heights above change."""
SLACK = 6
"""When following scrolls, so many blank rows are left, so that the next lines repaint one row each:
terminals are not asked to scroll, and a scroll by one row would repaint them all."""

_SELECTED = Style.parse(SELECTION)


class TranscriptView(ScrollView, can_focus=False):
    """Shows a Transcript. It follows the end until the person scrolls up."""

    DEFAULT_CSS = """
    TranscriptView {
        height: 1fr; overflow-x: hidden; overflow-y: scroll; scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
    }
    """

    class LinkClicked(Message):
        """The person clicked on a web address."""

        def __init__(self, href: str) -> None:
            super().__init__()
            self.href = href

    def __init__(self, transcript: Transcript) -> None:
        super().__init__()
        self.transcript = transcript
        self.follow = True
        self._shown: list[tuple[int, int, Line]] = []
        self._strips: list[Strip] = []
        self._painter: Painter | None = None
        self._top = 0
        self._pad = 0  # blank rows below the last line
        self._pressed = (0, 0)
        self._colouring = False

    # -- for the application

    def update(self) -> None:
        """The transcript has changed: show it."""
        self._update()

    def come_to_rest(self) -> None:
        """Nothing streams any more: the last line goes to the bottom row."""
        if self.follow and self._pad:
            self._pad = 0
            self._update(rest=True)

    def toggle(self, item: int, line: int) -> bool:
        """Fold or unfold as a click on that line does; the rows above stay where they are."""
        if not self.transcript.click(item, line):
            return False
        keep = self._shown[0][:2] if self._shown else (0, 0)
        self.follow = False
        self._update(position=keep)
        self.follow = self._top >= self.max_scroll_y
        return True

    def toggle_newest(self) -> bool:
        """Fold or unfold the lowest entry on the screen that can; False when there is none."""
        seen: set[int] = set()
        for item, _, _ in reversed(self._shown):
            if item not in seen and self.toggle(item, self.transcript.items[item].gap):
                return True
            seen.add(item)
        return False

    @property
    def room(self) -> tuple[int, int]:
        """Columns and rows for text: `size` of a ScrollView still contains its scroll bar."""
        width, height = self.size
        return max(0, width - self.scrollbar_size_vertical), height

    # -- the window

    def _update(
        self,
        position: tuple[int, int] | None = None,
        *,
        restyle: bool = False,
        rest: bool = False,
    ) -> None:
        """Bring window, scroll position and dirty rows up to date."""
        width, height = self.room
        transcript = self.transcript
        if not width or not height or not self.is_attached:
            return
        if not transcript.items:
            self.follow = True
        if width != transcript.width:
            transcript.set_width(width)
            if self.text_selection is not None:  # its lines are wrapped differently now
                self.call_later(self.screen.clear_selection)
        if self.follow and position is None:
            transcript.settle_end(height)
            resized = height != len(self._strips)
            top = self._bottom(height, exactly=rest or resized)
        else:
            here = position or (self._shown[0][:2] if self._shown else (0, 0))
            transcript.settle(here, height)
            top = max(0, min(transcript.row(here), transcript.rows + self._pad - height))
        self._place(top, width, height)
        self._show(top, width, height, restyle=restyle)
        self._colour_later()

    def _bottom(self, height: int, *, exactly: bool) -> int:
        """The top row when following; with slack it moves in steps."""
        need = max(0, self.transcript.rows - height)
        if exactly or not self._shown:
            self._pad = 0
            return need
        if need > self._top or need < self._top - SLACK:
            self._pad = SLACK if need else 0
            return need + self._pad
        self._pad = self._top - need
        return self._top

    def _place(self, top: int, width: int, height: int) -> None:
        """Tell Textual size and position without the layout that its reactives would ask for."""
        size = Size(width, self.transcript.rows + self._pad)
        bar = self.vertical_scrollbar
        if size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
        if top != self._top or round(self.scroll_y) != top:
            self._top = top
            self.set_reactive(Widget.scroll_y, float(top))
            self.set_reactive(Widget.scroll_target_y, float(top))
        move(bar, size.height, height, top)

    def _show(self, top: int, width: int, height: int, *, restyle: bool) -> None:
        """Make strips for the window, reusing those of equal lines; repaint what differs."""
        painter = self._painter
        if painter is None:
            painter = self._painter = painter_for(self)
            restyle = True
        old, strips = self._shown, self._strips
        new = self.transcript.window(top, height)
        selection = self.text_selection
        known: dict[tuple[int, int], tuple[Line, Strip]] = {}
        if not restyle and selection is None and strips and strips[0].cell_length == width:
            known = {row[:2]: (row[2], strip) for row, strip in zip(old, strips, strict=False)}
        out: list[Strip] = []
        for item, number, line in new:
            before = known.get((item, number))
            if before is not None and (before[0] is line or before[0] == line):
                out.append(before[1])
            else:
                marks = self._marks(item, number, line, selection)
                out.append(filtered(painter.strip(line, width, marks), self))
        if len(out) < height:
            out += [filtered(painter.strip(BLANK, width), self)] * (height - len(out))
        self._shown, self._strips = new, out
        if len(strips) != len(out):
            self.refresh()
        else:
            self._repaint(strips, out, width)

    def _repaint(self, old: list[Strip], new: list[Strip], width: int) -> None:
        dirty = [
            Region(span.left, y, span.right - span.left, 1)
            for y, (before, after) in enumerate(zip(old, new, strict=True))
            if before is not after and (span := changed_cells(before, after)) is not None
        ]
        if len(dirty) > len(new) // 2:
            self.refresh(Region(0, dirty[0].y, width, dirty[-1].y - dirty[0].y + 1))
        elif dirty:
            self.refresh(*dirty)

    def _marks(self, item: int, number: int, line: Line, selection: Selection | None) -> list[Mark]:
        """What is selected."""
        marks: list[Mark] = []
        if selection is not None:
            span = selection.get_span(item << LINE_BITS | number)
            if span is not None:
                start, end = span
                stop = len(line.text) if end < 0 else end
                marks.append((max(start, line.gutter), stop, _SELECTED))
        return marks

    def _colour_later(self) -> None:
        """Long code is shown plain at first; its colours come in slices between other events."""
        if self._colouring or not self._shown:
            return
        if self.transcript.colourless(self._shown[0][0], self._shown[-1][0]):
            self._colouring = True
            self.call_later(self._colour)

    def _colour(self) -> None:
        self._colouring = False
        if self._shown and self.transcript.recolour(self._shown[0][0], self._shown[-1][0]):
            self._update()

    # -- Textual's hooks

    def render_lines(self, crop: Region) -> list[Strip]:
        """What the compositor paints: strips that are ready."""
        width, height = self.room
        if self.transcript.width != width or len(self._strips) != height:
            self._update()
        strips = self._strips[crop.y : crop.bottom]
        if crop.x or crop.right < width:
            return [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """For hit tests only (selection): with offsets."""
        if y >= len(self._strips):
            return Strip.blank(self.room[0])
        if y >= len(self._shown):
            item, number, line = self._shown[-1] if self._shown else (0, 0, BLANK)
            return self._strips[y].apply_offsets(len(line.text), item << LINE_BITS | number)
        item, number, _ = self._shown[y]
        return self._strips[y].apply_offsets(0, item << LINE_BITS | number)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The person scrolled (the widget's own moves do not come here)."""
        self.vertical_scrollbar.position = new_value
        top = round(new_value)
        self.follow = top >= self.max_scroll_y
        if self.follow:
            self._update()
        elif top != self._top:
            self._update(position=self.transcript.position(top))

    def notify_style_update(self) -> None:
        """Another theme needs other styles."""
        super().notify_style_update()
        if self._painter is not None and self._painter.base != painter_for(self).base:
            self._painter = None
            self._update(restyle=True)

    def on_resize(self) -> None:
        """Another size needs other lines."""
        self._update()

    def on_click(self, event: events.Click) -> None:
        """A fold opens or closes; a web address is passed on. The end of a drag is no click."""
        if event.y >= len(self._shown) or (event.x, event.y) != self._pressed:
            return
        item, number, line = self._shown[event.y]
        href = _href_at(line, event.x)
        if href == FOLD:
            self.toggle(item, number)
        elif href:
            self.post_message(self.LinkClicked(href))

    # -- selection

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Remember the place for the click that may follow."""
        self._pressed = (event.x, event.y)

    def selection_updated(self, selection: Selection | None) -> None:
        """Paint what is selected."""
        self._update(restyle=True)

    def text_select_all(self) -> None:
        """A double click selects the entry under the pointer, not the whole transcript."""
        if not self._shown:
            return
        item = self._shown[min(max(0, self._pressed[1]), len(self._shown) - 1)][0]
        last = self.transcript.heights.values[item] - 1
        start, end = Offset(0, item << LINE_BITS), Offset(1 << 20, item << LINE_BITS | last)
        self.screen.selections = {self: Selection(start, end)}

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text as it was written: no labels, bars or soft line ends."""
        return self.transcript.copy(_place(selection.start), _place(selection.end)), "\n"


def _place(offset: Offset | None) -> tuple[int, int, int] | None:
    """A selection's end as item, line, character."""
    if offset is None:
        return None
    return offset.y >> LINE_BITS, offset.y & ((1 << LINE_BITS) - 1), offset.x


def _href_at(line: Line, column: int) -> str:
    """The target of the span in a column."""
    used = 0
    for text, face in line.spans:
        used += cell_len(text)
        if column < used:
            return face.href
    return ""
