"""What every screen over the chat is: it is answered once, however many keys came in one go."""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

Result = TypeVar("Result")


class Modal(ModalScreen[Result]):
    """In the middle of the window. After its answer, and under another screen, it has no more."""

    DEFAULT_CSS = "Modal { align: center middle; }"

    _answered = False

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Answer and go away; a second answer is none."""
        if self._answered or self.app.screen is not self:
            return AwaitComplete()
        self._answered = True
        return super().dismiss(result)
