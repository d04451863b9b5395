"""Offers to raise the limit that stopped a turn. Nothing that was typed before answers it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from koi.core.budgets import BudgetLimit
from koi.core.errors import UsageError
from koi.tui.grace import GRACE_S
from koi.tui.limit_argument import parse_amount
from koi.tui.line_pane import LinePane
from koi.tui.prompt.editor import PromptEditor
from koi.view.line import Line
from koi.view.lines.limit import LimitQuestion, limit_lines
from koi.view.safe_text import safe
from koi.view.state import ScreenState

MAX_DIGITS = 12
_UNITS: dict[BudgetLimit, str] = {
    "max_turns": "requests",
    "session_tokens": "tokens",
    "day_tokens": "tokens",
}


class LimitBar(LinePane, can_focus=True):
    """Above the prompt; hidden while there is nothing to raise. Enter raises, Esc does not."""

    DEFAULT_CSS = "LimitBar { display: none; height: auto; max-height: 6; }"

    @dataclass
    class Raised(Message):
        """The person wants another limit, and to go on."""

        limit: BudgetLimit
        value: float

    def __init__(self, state: ScreenState, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(self._lines_now, id="limit")
        self._state = state
        self._clock = clock
        self._limit: BudgetLimit = "max_turns"
        self._question: LimitQuestion | None = None
        self._least = 0.0
        self._typed = ""
        self._appeared = 0.0

    @property
    def editor(self) -> PromptEditor:
        """The prompt below, which gets the keys that are no answers."""
        return self.screen.query_one(PromptEditor)

    def offer(self, limit: BudgetLimit, value: float, proposed: float, said: str) -> None:
        """Ask whether a limit, which is `value` now, is to be raised, to `proposed` perhaps."""
        self._limit, self._least, self._typed = limit, value, ""
        unit = _UNITS.get(limit, "USD")
        amount = _amount(proposed, unit)
        self._question = LimitQuestion(safe(said, keep_newlines=False), unit, amount)
        self._appeared = self._clock()
        self.display = True
        self._fit()
        self.editor.tab_target = self
        if self.editor.is_empty:
            self.focus()

    def follow(self, limit: BudgetLimit, value: float | None) -> None:
        """The limit that is asked about was set in another way: propose that, or ask no more."""
        if self._question is None or limit != self._limit:
            return
        if value is None:
            self.close()
            return
        self._least = min(self._least, value)
        self._type(self._question, _amount(value, self._question.unit))
        self._typed = ""
        self._fit()

    def close(self) -> None:
        """Nothing is offered any more."""
        if self._question is None:
            return
        self._question = None
        self.editor.tab_target = None
        if self.has_focus:
            self.editor.focus()
        self.display = False

    def _lines_now(self, width: int, height: int) -> Sequence[Line]:
        if self._question is None:
            return ()
        return limit_lines(self._question, width, self._state.measure, focused=self.has_focus)

    def _fit(self) -> None:
        if self._question is None:
            return
        width = self.size.width or self.screen.size.width
        rows = len(limit_lines(self._question, width, self._state.measure, focused=True))
        if self.styles.height is None or self.styles.height.value != rows:
            self.styles.height = rows
        self.show()

    def on_resize(self) -> None:
        """Another width wraps it differently."""
        self._fit()

    @property
    def _is_deaf(self) -> bool:
        return self._clock() < max(self._appeared, self.editor.last_typed) + GRACE_S

    def on_key(self, event: events.Key) -> None:
        """Change the amount, answer, or hand the key to the prompt."""
        if self._question is None or not self._take(event, self._question):
            return
        event.stop()
        event.prevent_default()

    def _take(self, event: events.Key, question: LimitQuestion) -> bool:
        character = event.character or ""
        match event.key:
            case "escape":
                self.close()
            case "tab":
                self.editor.focus()
            case "enter":
                if not self._is_deaf:
                    self._answer(question)
            case "backspace":
                self._type(question, (self._typed or question.amount)[:-1])
            case _ if character and character in "0123456789." and not self._is_deaf:
                self._type(question, (self._typed + character)[:MAX_DIGITS])
            case _ if event.is_printable:
                self.editor.type_text(character)
                self.editor.focus()
            case _:
                return False
        self._fit()
        return True

    def _type(self, question: LimitQuestion, amount: str) -> None:
        """What is typed takes the place of what was proposed."""
        self._typed = question.amount = amount
        question.mistake = ""

    def _answer(self, question: LimitQuestion) -> None:
        try:
            value = parse_amount(question.amount, in_tokens=question.unit != "USD")
        except UsageError:
            question.mistake = "this is no amount"
            return
        if value <= self._least:
            question.mistake = f"this is not more than {self._least:g}"
            return
        limit = self._limit
        self.close()
        self.post_message(self.Raised(limit, value))

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted is for the prompt."""
        event.stop()
        event.prevent_default()
        self.editor.paste(event.text)
        self.editor.focus()


def _amount(value: float, unit: str) -> str:
    if unit != "USD":
        return f"{value:.0f}"
    return f"{value:.2f}" if round(value, 2) == value else f"{value:g}"
