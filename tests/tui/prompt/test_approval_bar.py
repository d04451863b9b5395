"""The bar that asks: only a deliberate key answers, and only the question that was shown."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual import events, on
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

from koi.tui.grace import ALONE_S, GRACE_S
from koi.tui.prompt.approval_bar import ApprovalBar
from koi.tui.prompt.editor import PromptEditor
from koi.view.safe_text import safe
from koi.view.state import Approval, ScreenState


def question(call_id: str = "c1", preview: str = "git push", *, always: str = "") -> Approval:
    return Approval(
        call_id, safe("bash"), safe("run a command"), tuple(preview.split("\n")), False,
        safe("no rule allows it"), safe(always),
    )  # fmt: skip


class BarApp(App[None]):
    """A prompt and the bar above it, with a clock that stands still."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.state = ScreenState(cell_len)
        self.bar = ApprovalBar(self.state, clock=lambda: self.now)
        self.editor = PromptEditor(clock=lambda: self.now)
        self.answers: list[tuple[str, str]] = []
        self.sent: list[str] = []
        self.escapes = 0

    def compose(self) -> ComposeResult:
        yield Static("chat", id="chat")
        yield self.bar
        yield self.editor

    def on_mount(self) -> None:
        self.editor.focus()

    def on_key(self, event: events.Key) -> None:
        self.escapes += event.key == "escape"

    def ask(self, *questions: Approval) -> None:
        self.state.approvals += questions
        self.bar.update()

    @on(ApprovalBar.Answered)
    def _answered(self, event: ApprovalBar.Answered) -> None:
        self.answers.append((event.call_id, event.decision))
        del self.state.approvals[0]
        self.bar.update()

    @on(PromptEditor.Submitted)
    def _sent(self, event: PromptEditor.Submitted) -> None:
        self.sent.append(event.text)

    def shown(self) -> list[str]:
        height = self.bar.size.height
        lines = [self.bar.line_at(y) for y in range(height)]
        return [line.text for line in lines if line is not None]


async def wait(app: BarApp, pilot: Pilot[None]) -> None:
    """Until the bar is on the screen and listens."""
    await pilot.pause()
    app.now += GRACE_S


@pytest.mark.parametrize(
    ("key", "decision"),
    [("y", "allow"), ("Y", "allow"), ("a", "always"), ("n", "deny"), ("enter", "deny")],
)
async def test_a_key_answers_the_call_that_is_shown(key: str, decision: str) -> None:
    app = BarApp()
    async with app.run_test() as pilot:
        app.ask(question(always="bash(git*)"))
        await wait(app, pilot)
        await pilot.press(key)
        await pilot.pause(ALONE_S * 2)
        assert app.answers == [("c1", decision)]


async def test_the_bar_is_hidden_without_a_question() -> None:
    app = BarApp()
    async with app.run_test() as pilot:
        assert app.bar.size.height == 0
        app.ask(question())
        await pilot.pause()
        assert app.shown()[2:] == [" │ git push", " y yes · n no"]
        app.state.approvals.clear()
        app.bar.update()
        await pilot.pause()
        assert app.bar.size.height == 0
        assert app.editor.has_focus


async def test_the_last_line_says_whether_keys_answer() -> None:
    app = BarApp()
    async with app.run_test() as pilot:
        app.ask(question())
        await wait(app, pilot)
        await pilot.press("tab")
        assert app.shown()[-1] == " Tab to answer: y yes · n no"
        await pilot.press("tab")
        assert app.shown()[-1] == " y yes · n no"


async def test_keys_right_after_it_appeared_go_into_the_prompt() -> None:
    app = BarApp()
    async with app.run_test() as pilot:
        app.ask(question())
        await pilot.pause()
        assert app.bar.has_focus
        app.now += GRACE_S / 2
        await pilot.press("y")
        await pilot.pause(ALONE_S * 2)
        assert app.answers == []
        assert app.editor.text == "y"
        assert app.editor.has_focus


async def test_enter_right_after_it_appeared_does_nothing() -> None:
    app = BarApp()
    async with app.run_test() as pilot:
        app.ask(question())
        await pilot.press("enter")
        assert app.answers == []
        assert app.sent == []


async def test_somebody_who_types_keeps_the_focus_and_answers_after_tab() -> None:
    app = BarApp()
    async with app.run_test() as pilot:
        await pilot.press(*"wait")
        app.ask(question())
        await wait(app, pilot)
        await pilot.press(*" any")
        assert app.editor.text == "wait any"
        assert app.shown()[-1].startswith(" Tab to answer")
        await wait(app, pilot)
        await pilot.press("tab", "y")
        await pilot.pause(ALONE_S * 2)
        assert app.answers == [("c1", "allow")]
        assert app.editor.text == "wait any"
        assert app.editor.has_focus


async def test_the_bar_stays_deaf_while_somebody_types() -> None:
    app = BarApp()
    async with app.run_test() as pilot:
        app.ask(question())
        await wait(app, pilot)
        app.editor.last_typed = app.now
        await pilot.press("y")
        await pilot.pause(ALONE_S * 2)
        assert app.answers == []


async def test_a_click_gives_the_focus_and_no_answer() -> None:
    app = BarApp()
    async with app.run_test() as pilot:
        await pilot.press("x")
        app.ask(question())
        await wait(app, pilot)
        await pilot.pause()
        await pilot.click(ApprovalBar, offset=(2, 3))
        assert app.bar.has_focus
        assert app.answers == []


async def test_a_paste_goes_into_the_prompt() -> None:
    app = BarApp()
    async with app.run_test() as pilot:
        app.ask(question())
        await wait(app, pilot)
        await pilot.pause()
        app.post_message(events.Paste("y\n"))
        await pilot.pause(ALONE_S * 2)
        assert app.answers == []
        assert app.editor.text == "y\n"


async def test_pasted_bytes_that_come_as_keys_go_into_the_prompt() -> None:
    app = BarApp()
    async with app.run_test() as pilot:
        app.ask(question())
        await wait(app, pilot)
        await pilot.pause()
        for key in "yes":
            app.post_message(events.Key(key, key))
        await pilot.pause(ALONE_S * 2)
        assert app.answers == []
        assert app.editor.text == "yes"


async def test_questions_are_answered_in_their_order() -> None:
    app = BarApp()
    async with app.run_test() as pilot:
        app.ask(question("c1", "one"), question("c2", "two"), question("c3", "three"))
        await pilot.pause()
        assert app.shown()[0].endswith("1 of 3 ")
        for key in ("y", "n", "y"):
            await wait(app, pilot)
            await pilot.press(key)
            await pilot.pause(ALONE_S * 2)
        assert app.answers == [("c1", "allow"), ("c2", "deny"), ("c3", "allow")]


async def test_a_newer_question_does_not_replace_the_one_being_read() -> None:
    app = BarApp()
    async with app.run_test() as pilot:
        app.ask(question("c1", "one"))
        app.ask(question("c2", "two"))
        await wait(app, pilot)
        await pilot.press("y")
        await pilot.pause(ALONE_S * 2)
        assert app.answers == [("c1", "allow")]


async def test_the_second_of_two_fast_keys_does_not_answer_the_next_question() -> None:
    app = BarApp()
    async with app.run_test() as pilot:
        app.ask(question("c1"), question("c2"))
        await wait(app, pilot)
        await pilot.press("y")
        await pilot.pause(ALONE_S * 2)
        await pilot.press("y")
        await pilot.pause(ALONE_S * 2)
        assert app.answers == [("c1", "allow")]


async def test_always_is_no_answer_where_it_is_not_offered() -> None:
    app = BarApp()
    async with app.run_test() as pilot:
        app.ask(question(always=""))
        await wait(app, pilot)
        await pilot.press("a")
        await pilot.pause(ALONE_S * 2)
        assert app.answers == []


async def test_a_yes_needs_the_end_of_a_long_preview_to_be_seen() -> None:
    app = BarApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(question(preview="\n".join(map(str, range(30))), always="all"))
        await wait(app, pilot)
        await pilot.press("y")
        await pilot.pause(ALONE_S * 2)
        await pilot.press("a")
        await pilot.pause(ALONE_S * 2)
        assert app.answers == []
        assert "first read to the end" in app.shown()[-1]
        await pilot.press(*["pagedown"] * 9)
        assert " │ 29" in app.shown()
        await pilot.press("home", "y")
        await pilot.pause(ALONE_S * 2)
        assert app.answers == [("c1", "allow")]


async def test_a_no_needs_nothing_to_be_seen() -> None:
    app = BarApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(question(preview="\n".join(map(str, range(30)))))
        await wait(app, pilot)
        await pilot.press("n")
        await pilot.pause(ALONE_S * 2)
        assert app.answers == [("c1", "deny")]


async def test_the_bar_takes_at_most_two_fifths_of_the_screen() -> None:
    app = BarApp()
    async with app.run_test(size=(80, 30)) as pilot:
        app.ask(question(preview="\n".join(map(str, range(99)))))
        await pilot.pause()
        assert app.bar.size.height == 12


async def test_escape_goes_on_to_the_application() -> None:
    app = BarApp()
    async with app.run_test() as pilot:
        app.ask(question())
        await wait(app, pilot)
        await pilot.press("escape")
        assert app.escapes == 1
        assert app.answers == []
