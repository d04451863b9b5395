"""A screen without a terminal: its data, a clock, and what stands on it as text."""

from __future__ import annotations

from rich.cells import cell_len

from koi.core.agent_events import AgentEvent, Streamed
from koi.core.provider_events import ProviderEvent
from koi.view.fold import fold
from koi.view.line import Line, cells
from koi.view.lines.header import activity_line
from koi.view.state import Changed, ScreenState


class Screen:
    """A state, a clock, and the text of its transcript."""

    def __init__(self) -> None:
        self.state = ScreenState(cell_len)
        self.state.transcript.set_width(60)
        self.now = 100.0

    def take(self, *events: AgentEvent | ProviderEvent) -> Changed:
        changed = Changed.NOTHING
        for event in events:
            whole = Streamed("r1", event) if isinstance(event, ProviderEvent) else event
            changed |= fold(self.state, whole, self.now)
        return changed

    @property
    def lines(self) -> list[str]:
        transcript = self.state.transcript
        for index in range(len(transcript.items)):
            transcript.measure(index)
        shown = [line.text.rstrip() for _, _, line in transcript.window(0, 1000)]
        return [line for line in shown if line]

    @property
    def activity(self) -> str:
        """The line that names the current step."""
        return activity_line(self.state, 80, self.now).text.rstrip()

    def step(self) -> str | None:
        return self.state.activity.step if self.state.activity else None


def text(lines: list[Line], width: int) -> list[str]:
    """The lines as text; none may be wider than `width`."""
    assert all(cells(line.spans, cell_len) <= width for line in lines)
    return [line.text.rstrip() for line in lines]
