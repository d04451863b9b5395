"""Asks before a tool call. No key that was meant for something else can answer it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.timer import Timer

from koi.core.agent_events import ApprovalDecision
from koi.tui.grace import ALONE_S, GRACE_S
from koi.tui.line_pane import LinePane
from koi.tui.prompt.editor import PromptEditor
from koi.view.line import Line
from koi.view.lines.approval import Page, Stage, approval_page, preview_lines
from koi.view.state import Approval, ScreenState

SHARE = 0.4
"""The bar takes at most this part of the screen's height."""

_ANSWERS: dict[str, ApprovalDecision] = {"y": "allow", "a": "always", "n": "deny"}


class ApprovalBar(LinePane, can_focus=True):
    """Shows the oldest question of the state; hidden when there is none. Enter means no."""

    DEFAULT_CSS = "ApprovalBar { display: none; }"

    @dataclass
    class Answered(Message):
        """The person decided on the call of this id, and on no other."""

        call_id: str
        decision: ApprovalDecision

    def __init__(self, state: ScreenState, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(self._lines_now, id="approvals")
        self._state = state
        self._clock = clock
        self._question: Approval | None = None
        self._appeared = 0.0
        self._scroll = 0
        self._seen = False
        self._answered = False
        self._held: tuple[str, Timer] | None = None
        self._preview: tuple[int, list[Line]] = (0, [])
        self._page = Page([], 0, 0, False)

    @property
    def editor(self) -> PromptEditor:
        """The prompt below, which gets the keys that are no answers."""
        return self.screen.query_one(PromptEditor)

    def update(self) -> None:
        """The questions of the state changed: show the first one, or go away."""
        first = self._state.approvals[0] if self._state.approvals else None
        if first is None:
            self._close()
        elif self._question is None or first.call_id != self._question.call_id:
            self._open(first)
        else:
            self.show()  # another one waits behind it

    def _open(self, question: Approval) -> None:
        self._drop_held()
        self._question = question
        self._appeared = self._clock()
        self._scroll = 0
        self._seen = self._answered = False
        self._preview = (0, [])
        self._fit()
        self.display = True
        self.editor.tab_target = self
        if self.editor.is_empty:
            self.focus()
        self.show()

    def _close(self) -> None:
        if self._question is None:
            return
        self._drop_held()
        self._question = None
        self.editor.tab_target = None
        if self.has_focus:
            self.editor.focus()
        self.display = False

    # What is shown.

    def _lines_now(self, width: int, height: int) -> Sequence[Line]:
        if self._question is None:
            return ()
        self._page = self._page_for(self._question, width, height)
        if self._page.at_end and not self._seen:
            self._seen = True
            self._page = self._page_for(self._question, width, height)
        return self._page.lines

    def _page_for(self, question: Approval, width: int, height: int) -> Page:
        if self._preview[0] != width:
            measure = self._state.measure
            self._preview = (width, preview_lines(question, width, measure))
        stage: Stage = "ready" if self._seen else "unread"
        return approval_page(
            question,
            self._preview[1],
            width,
            height,
            self._state.measure,
            waiting=len(self._state.approvals) - 1,
            scroll=self._scroll,
            stage=stage if self.has_focus else "away",
        )

    def _fit(self) -> None:
        """Take the rows that the question needs, up to a share of the screen."""
        if self._question is None:
            return
        screen = self.screen.size
        most = max(4, int(screen.height * SHARE))
        rows = len(self._page_for(self._question, self.size.width or screen.width, most).lines)
        if self.styles.height is None or self.styles.height.value != rows:
            self.styles.height = rows

    def on_resize(self) -> None:
        """Another width wraps the preview differently."""
        self._fit()

    def on_blur(self) -> None:
        """Keys go elsewhere."""
        self._drop_held()

    # Scrolling.

    def _scroll_by(self, rows: int) -> None:
        self._scroll = max(0, self._page.first + rows)
        self.show()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll the preview."""
        event.stop()
        self._scroll_by(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll the preview back."""
        event.stop()
        self._scroll_by(-1)

    # Answers.

    @property
    def _is_deaf(self) -> bool:
        since = max(self._appeared, self.editor.last_typed)
        return self._clock() < since + GRACE_S

    def on_key(self, event: events.Key) -> None:
        """Scroll, answer, or hand the key to the prompt."""
        if self._held is not None:
            self._give_to_prompt(self._drop_held() + (event.character or ""))
        elif not self._take(event):
            return
        event.stop()
        event.prevent_default()

    def _take(self, event: events.Key) -> bool:
        """True when the key was for the bar or was handed to the prompt."""
        page = max(1, self._page.rows - 1)
        match event.key:
            case "up" | "down":
                self._scroll_by(-1 if event.key == "up" else 1)
            case "pageup" | "pagedown":
                self._scroll_by(-page if event.key == "pageup" else page)
            case "home" | "end":
                self._scroll_by(-(10**9) if event.key == "home" else 10**9)
            case "tab":
                self.editor.focus()
            case "enter":
                if not self._is_deaf:
                    self._answer("deny")
            case _ if event.is_printable and event.character is not None:
                self._take_character(event.character)
            case _:
                return False
        return True

    def _take_character(self, character: str) -> None:
        decision = _ANSWERS.get(character.lower())
        if decision is None or self._is_deaf:
            self._give_to_prompt(character)
            return
        if self._may(decision):
            timer = self.set_timer(ALONE_S, self._answer_held)
            self._held = (character, timer)

    def _may(self, decision: ApprovalDecision) -> bool:
        if self._question is None or self._answered:
            return False
        if decision == "always" and not self._question.always:
            return False
        return decision == "deny" or self._seen

    def _answer_held(self) -> None:
        self._answer(_ANSWERS[self._drop_held().lower()])

    def _answer(self, decision: ApprovalDecision) -> None:
        if self._question is not None and self._may(decision):
            self._answered = True
            self.post_message(self.Answered(self._question.call_id, decision))

    def _drop_held(self) -> str:
        """Forget the letter that was to answer, and return it; empty when there is none."""
        if self._held is None:
            return ""
        character, timer = self._held
        self._held = None
        timer.stop()
        return character

    def _give_to_prompt(self, text: str) -> None:
        """These keys were typed by somebody who writes: the prompt gets them, and the focus."""
        self.editor.type_text("".join(filter(str.isprintable, text)))
        self.editor.focus()

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted is never an answer."""
        event.stop()
        event.prevent_default()
        self._drop_held()
        self.editor.paste(event.text)
        self.editor.focus()
