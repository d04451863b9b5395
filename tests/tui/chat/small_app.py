"""A small application about the transcript widget."""

from __future__ import annotations

from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

from koi.tui.chat.transcript_view import TranscriptView
from koi.tui.theme import THEME
from koi.view.items.answer import Answer
from koi.view.transcript import Transcript

TEXT = (
    "Hello **bold** world, this is a paragraph that is long enough to wrap at forty cells.\n\n"
    "- one\n- two\n"
)


class Small(App[None]):
    """One line, then the transcript."""

    def __init__(self, transcript: Transcript) -> None:
        super().__init__()
        self.register_theme(THEME)
        self.theme = "koi"
        self.view = TranscriptView(transcript)
        self.links: list[str] = []

    def compose(self) -> ComposeResult:
        yield Static("head")
        yield self.view

    def on_transcript_view_link_clicked(self, message: TranscriptView.LinkClicked) -> None:
        self.links.append(message.href)


class Running:
    """The running application with what tests look at."""

    def __init__(self, app: Small, pilot: Pilot[None]) -> None:
        self.app, self.pilot, self.view = app, pilot, app.view

    @property
    def rows(self) -> list[str]:
        """The text on the screen."""
        return [strip.text.rstrip() for strip in self.view._strips]

    @property
    def top(self) -> int:
        """The row of the transcript at the top."""
        return round(self.view.scroll_y)

    async def pause(self) -> None:
        """Wait until messages are handled and the screen is painted."""
        await self.pilot.pause()

    def stream(self) -> Answer:
        """A new open answer at the end."""
        answer = Answer(cell_len)
        self.view.transcript.add(answer)
        return answer

    def feed(self, answer: Answer, text: str) -> None:
        """More text of an answer, shown."""
        answer.append(text)
        self.view.update()
