"""The floor for a full-screen program: a bare Textual app with some text and an input."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Footer, Header, Input, Static


class Hello(App[None]):
    """As little as a chat could be."""

    def compose(self) -> ComposeResult:
        """A header, a line, an input, a footer."""
        yield Header()
        yield Static("hello from textual")
        yield Input(placeholder="type here")
        yield Footer()

    def on_mount(self) -> None:
        """The input takes the keys."""
        self.query_one(Input).focus()


if __name__ == "__main__":
    Hello().run()
