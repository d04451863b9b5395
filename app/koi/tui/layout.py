"""Where the regions stand, and which fold away when the terminal is small."""

from __future__ import annotations

from dataclasses import dataclass

WIDE = 110
"""Columns from which the tools and cost panes stand beside the chat by themselves."""
SMALL_COLUMNS, SMALL_ROWS = 60, 15
"""Below this only one pane is shown."""

CSS = """
Screen { layout: vertical; overflow: hidden; }
#header { height: 1; }
#body { height: 1fr; }
#side { width: 36%; min-width: 34; max-width: 64; }
#side.alone { width: 1fr; max-width: 100%; }
#tools { height: 1fr; }
#cost { height: 3; }
#queue { height: 1; }
#footer { height: 1; }
"""


@dataclass(slots=True)
class Shape:
    """What is shown. None for a pane: as the width says; True and False: as the person says."""

    tools: bool | None = None
    cost: bool | None = None

    def toggle_tools(self, columns: int) -> None:
        """Show the tools pane, or hide it."""
        self.tools = not self.shows_tools(columns)

    def toggle_cost(self, columns: int) -> None:
        """Show the cost pane, or hide it."""
        self.cost = not self.shows_cost(columns)

    def shows_tools(self, columns: int) -> bool:
        """True when the tools pane is shown at this width."""
        return columns >= WIDE if self.tools is None else self.tools

    def shows_cost(self, columns: int) -> bool:
        """True when the cost pane is shown at this width."""
        return columns >= WIDE if self.cost is None else self.cost

    def shows_chat(self, columns: int) -> bool:
        """False when a pane that the person asked for needs the whole width."""
        side = self.shows_tools(columns) or self.shows_cost(columns)
        return columns >= SMALL_COLUMNS or not side


def is_small(columns: int, rows: int) -> bool:
    """True when header and footer make room for the one pane that fits."""
    return columns < SMALL_COLUMNS or rows < SMALL_ROWS
