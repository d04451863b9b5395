"""The application: regions, keys, and what the person does with them."""

from __future__ import annotations

import logging

from rich.cells import cell_len
from textual import on, work
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Resize

from koi.core.agent_events import AgentEvent
from koi.core.errors import KoiError
from koi.safety.decision import MODES
from koi.tui import dialogs, opening, slash
from koi.tui.bridge import AgentBridge
from koi.tui.chat.transcript_view import TranscriptView
from koi.tui.clipboard import copy
from koi.tui.host import SessionHost
from koi.tui.keys import bindings, default_keys, footer_keys
from koi.tui.layout import CSS
from koi.tui.leaving import Leaving
from koi.tui.prompt.approval_bar import ApprovalBar
from koi.tui.prompt.editor import PromptEditor
from koi.tui.regions import Regions
from koi.tui.theme import THEME
from koi.view.items.answer import Answer
from koi.view.items.prompt import Notice, NoticeKind
from koi.view.state import ScreenState
from koi.wiring import SessionOptions

log = logging.getLogger(__name__)


class KoiApp(App[int]):
    """koi's full screen. Its result is the exit code."""

    CSS = CSS
    TITLE = "koi"
    PAUSE_GC_ON_SCROLL = True
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self, options: SessionOptions, prompt: str | None = None, keys: dict[str, str] | None = None
    ) -> None:
        super().__init__(ansi_color=True)
        self.options = options
        self.keys = keys or default_keys()
        self.state = ScreenState(cell_len)
        self.regions = Regions(self, self.state, footer_keys(self.keys))
        self.bridge = AgentBridge(self.state, self.regions.show, self._turn_ended)
        self.host = SessionHost(options, self.state, self.bridge)
        self.editor = PromptEditor()
        self.leaving = Leaving()
        self.failure: KoiError | None = None
        """Why koi could not start; told when the terminal is back as it was."""
        self._first_prompt = prompt
        for binding in bindings(self.keys):
            self._bindings.bind(binding.key, binding.action, show=False)

    def compose(self) -> ComposeResult:
        """The regions, top to bottom."""
        regions = self.regions
        yield regions.header
        with Horizontal(id="body"):
            yield regions.chat
            with Vertical(id="side"):
                yield regions.tools
                yield regions.cost
        yield regions.queue
        yield regions.approvals
        yield self.editor
        yield regions.footer

    def on_mount(self) -> None:
        """Everything that is slow waits until the first frame is on the screen."""
        self.register_theme(THEME)
        self.theme = THEME.name
        self.state.set_header(
            workspace=opening.short_path(self.options.workspace), mode=self.options.mode or ""
        )
        self.editor.focus()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.run_worker(self.bridge.run(), name="turns")
        if self._first_prompt is not None:
            self.bridge.submit(self._first_prompt)
        self.open_session()

    @work(group="session")
    async def open_session(self) -> None:
        """Open the session that the command line names."""
        await opening.open_first(self)

    def on_resize(self, event: Resize) -> None:
        """Fold regions away that no longer fit."""
        self.regions.fold(event.size.width, event.size.height)

    def tell(self, kind: NoticeKind, title: str, hint: str = "") -> None:
        """Say something in the chat."""
        self.state.transcript.add(Notice(kind, title, self.state.measure, hint))
        self.regions.chat.update()

    def tell_error(self, error: KoiError) -> None:
        """Say in the chat what failed and what to do."""
        self.tell("error", error.title, error.hint)

    def _turn_ended(self, event: AgentEvent) -> None:
        self.regions.chat.come_to_rest()

    @on(PromptEditor.Submitted)
    def _submitted(self, event: PromptEditor.Submitted) -> None:
        slash.take(self, event.text)

    @on(PromptEditor.QuitRequested)
    async def action_quit(self) -> None:
        """Leave koi; the session is closed on the way."""
        self.exit(0)

    @on(ApprovalBar.Answered)
    def _answered(self, event: ApprovalBar.Answered) -> None:
        self.bridge.answer(event.call_id, event.decision)

    @on(TranscriptView.LinkClicked)
    def _link(self, event: TranscriptView.LinkClicked) -> None:
        self.regions.note(copy(self, event.href, "the address"))

    def action_interrupt(self) -> None:
        """Esc: stop the turn; without one, nothing."""
        if self.bridge.session is not None:
            self.bridge.session.stop()

    def action_copy_or_quit(self) -> None:
        """Ctrl+C: see `leaving`."""
        selected = self.screen.get_selected_text()
        busy = self.state.busy
        match self.leaving.press(selection=bool(selected), draft=bool(self.editor.text), busy=busy):
            case "copy":
                self.regions.note(copy(self, selected or "", "the selection"))
                self.screen.clear_selection()
            case "clear":
                self.editor.clear()
            case "stop":
                self.action_interrupt()
            case "quit":
                self.exit(0)
        if self.leaving.pressed and not selected:
            self.regions.note("Ctrl+C once more quits")

    def action_mode(self) -> None:
        """Shift+Tab: the next mode."""
        mode = self.state.mode
        at = MODES.index(mode) if mode in MODES else 0
        slash.set_mode(self, MODES[(at + 1) % len(MODES)])
        self.regions.header.show()

    def action_models(self) -> None:
        """Choose a model."""
        self.run_worker(dialogs.choose_model(self), group="dialog")

    def action_sessions(self) -> None:
        """Resume another session."""
        self.run_worker(dialogs.resume(self, None), group="dialog")

    def action_new_session(self) -> None:
        """Start a new session."""
        self.run_worker(dialogs.start_anew(self), group="dialog")

    def action_help(self) -> None:
        """Keys and commands."""
        self.run_worker(dialogs.show_help(self), group="dialog")

    def action_palette(self) -> None:
        """Begin a command in the prompt."""
        self.editor.focus()
        self.editor.set_draft("/")

    def action_copy_answer(self) -> None:
        """Copy the last answer."""
        items = reversed(self.state.transcript.items)
        answer = next((item for item in items if isinstance(item, Answer)), None)
        if answer is not None:
            self.regions.note(copy(self, answer.source, "the answer"))

    def action_tools_pane(self) -> None:
        """Show or hide the tools pane."""
        self.regions.shape.toggle_tools(self.size.width)
        self.regions.fold(*self.size)

    def action_cost_pane(self) -> None:
        """Show or hide the cost pane."""
        self.regions.shape.toggle_cost(self.size.width)
        self.regions.fold(*self.size)

    def action_expand(self) -> None:
        """Open or close the newest fold on the screen."""
        self.regions.chat.toggle_newest()

    def _fatal_error(self) -> None:
        """A bug: told in a line, kept in the log. Textual would print all local variables."""
        log.exception("the screen failed")
        self.panic("koi failed. The details are in koi.log; nothing of the session is lost.")

    def _watch_app_focus(self, focus: bool) -> None:
        """Textual would style every widget anew when the terminal loses or gets the focus."""
