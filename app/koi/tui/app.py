"""The application: regions, keys, and what the person does with them."""

from __future__ import annotations

import gc
import logging
from typing import ClassVar

from rich.cells import cell_len
from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.screen import Screen
from textual.scrollbar import ScrollBar

from koi.agent.options import SessionOptions
from koi.config.paths import find_paths
from koi.core.agent_events import AgentEvent
from koi.files.home import short_path
from koi.tui import opening, slash, spending
from koi.tui.actions import Actions
from koi.tui.bridge import AgentBridge
from koi.tui.chat.transcript_view import TranscriptView
from koi.tui.clipboard import copy
from koi.tui.forecast import Forecast
from koi.tui.host import SessionHost
from koi.tui.keys import bindings, default_keys, footer_keys
from koi.tui.layout import CSS
from koi.tui.leaving import Leaving
from koi.tui.prompt.approval_bar import ApprovalBar
from koi.tui.prompt.completion import CompletionList
from koi.tui.prompt.editor import PromptEditor
from koi.tui.prompt.history import PromptHistory
from koi.tui.prompt.limit_bar import LimitBar
from koi.tui.regions import Regions
from koi.tui.scroll_bar import PlainBar
from koi.tui.theme import THEME
from koi.view.state import ScreenState

log = logging.getLogger(__name__)


class MainScreen(Screen[None], inherit_bindings=False):
    """The screen of the chat. Its keys are the application's, in `keys.KEYS`."""

    AUTO_FOCUS = "#prompt"  # at once, so that keys typed during the start reach the prompt
    BINDINGS: ClassVar = [Binding("tab", "app.focus_next", show=False)]


class KoiApp(Actions):
    """koi's full screen. Its result is the exit code."""

    CSS = CSS
    TITLE = "koi"
    PAUSE_GC_ON_SCROLL = True
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self, options: SessionOptions, prompt: str | None = None, keys: dict[str, str] | None = None
    ) -> None:
        super().__init__(ansi_color=True)
        ScrollBar.renderer = PlainBar
        self.register_theme(THEME)
        # Without telling the watchers: there is nothing to restyle yet, and that costs 40 ms.
        self.set_reactive(App.theme, THEME.name)
        self.stylesheet.set_variables(self.get_css_variables())
        self.options = options
        self.keys = keys or default_keys()
        self.state = ScreenState(cell_len)
        self.regions = Regions(self, self.state, footer_keys(self.keys))
        self.bridge = AgentBridge(self.state, self.regions.show, self._turn_ended)
        self.host = SessionHost(options, self.state, self.bridge)
        self.completion = CompletionList(cell_len, self.host.model_names)
        self.editor = PromptEditor(
            keys=self.keys,
            history=PromptHistory(find_paths(config_flag=options.config_flag).prompt_history),
            completion=self.completion,
        )
        self.leaving = Leaving()
        self.forecast = Forecast(self)
        self.failure = None
        self._first_prompt = prompt
        for binding in bindings(self.keys):
            self._bindings.bind(binding.key, binding.action, show=False, priority=binding.priority)

    def get_default_screen(self) -> Screen[None]:
        """A screen without Textual's own keys."""
        return MainScreen(id="_default")

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
        yield regions.limit
        yield self.completion
        yield self.editor
        yield regions.footer

    def on_mount(self) -> None:
        """Everything that is slow waits until the first frame is on the screen."""
        self.state.set_header(
            workspace=short_path(self.options.workspace), mode=self.options.mode or ""
        )
        self.editor.focus()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        gc.freeze()  # never look again at what the start made
        gc.enable()
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

    def _turn_ended(self, event: AgentEvent) -> None:
        self.regions.chat.come_to_rest()
        self.forecast.renew()
        spending.after_limit(self)

    @on(PromptEditor.Submitted)
    def _submitted(self, event: PromptEditor.Submitted) -> None:
        slash.take(self, event.text)

    @on(PromptEditor.QuitRequested)
    def _quit_requested(self) -> None:
        self.exit(0)

    @on(ApprovalBar.Answered)
    def _answered(self, event: ApprovalBar.Answered) -> None:
        self.bridge.answer(event.call_id, event.decision)

    @on(LimitBar.Raised)
    def _raised(self, event: LimitBar.Raised) -> None:
        spending.raise_limit(self, event.limit, event.value)

    @on(PromptEditor.Changed)
    def _typed(self) -> None:
        self.forecast.typed()

    @on(TranscriptView.LinkClicked)
    def _link(self, event: TranscriptView.LinkClicked) -> None:
        self.regions.note(copy(self, event.href, "the address"))

    def _fatal_error(self) -> None:
        """A bug: told in a line, kept in the log. Textual would print all local variables."""
        log.exception("the screen failed")
        log_file = find_paths(config_flag=self.options.config_flag).log
        self.panic(f"koi failed. The details are in {log_file}; nothing of the session is lost.")

    def _watch_app_focus(self, focus: bool) -> None:
        """Textual would style every widget anew when the terminal loses or gets the focus."""
