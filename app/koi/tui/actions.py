"""What keys and slash commands can do, by name: the methods `action_<name>`."""

from __future__ import annotations

from textual.app import App

from koi.agent.options import SessionOptions
from koi.core.errors import KoiError
from koi.safety.modes import MODES
from koi.tui import dialogs, slash
from koi.tui.bridge import AgentBridge
from koi.tui.clipboard import copy
from koi.tui.forecast import Forecast
from koi.tui.host import SessionHost
from koi.tui.leaving import Leaving
from koi.tui.prompt.editor import PromptEditor
from koi.tui.regions import Regions
from koi.tui.roles import show_roles
from koi.tui.stopping import stop
from koi.view.items.answer import Answer
from koi.view.items.prompt import Notice, NoticeKind
from koi.view.state import Changed, ScreenState


class Actions(App[int], inherit_bindings=False):
    """The application as its actions see it. `keys.KEYS` and `commands.COMMANDS` name them."""

    options: SessionOptions
    keys: dict[str, str]
    state: ScreenState
    regions: Regions
    bridge: AgentBridge
    host: SessionHost
    editor: PromptEditor
    leaving: Leaving
    forecast: Forecast
    welcome: bool = False
    """True: begin with the first page, whatever was found."""
    failure: KoiError | None
    """Why koi could not start; told when the terminal is back as it was."""

    def tell(self, kind: NoticeKind, title: str, hint: str = "") -> None:
        """Say something in the chat."""
        self.state.transcript.add(Notice(kind, title, self.state.measure, hint))
        self.regions.to_end()

    def tell_error(self, error: KoiError) -> None:
        """Say in the chat what failed and what to do."""
        self.tell("error", error.title, error.hint)

    def action_interrupt(self) -> None:
        """Esc: stop the turn and take back what waits behind it; again: kill what still runs."""
        session = self.host.session
        self.regions.limit.close()
        if session is None or not self.state.busy:
            from koi.safety.process import end_all

            end_all()
            return
        self.take_back_queue()
        session.stop()

    def take_back_queue(self) -> None:
        """Prompts that wait go back into the prompt, before what is written there."""
        if waiting := self.bridge.take_back():
            self.editor.set_draft("\n".join(filter(None, (*waiting, self.editor.text))))

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
        self.regions.show(Changed.HEADER)

    def action_models(self) -> None:
        """Choose a model."""
        self.run_worker(dialogs.choose_model(self), group="dialog")

    def action_connect(self) -> None:
        """Connect a provider."""
        self.run_worker(dialogs.connect(self, None), group="dialog")

    def action_disconnect(self) -> None:
        """Give up a login or a saved key."""
        self.run_worker(dialogs.disconnect(self, None), group="dialog")

    def action_sessions(self) -> None:
        """Resume another session."""
        self.run_worker(dialogs.resume(self, None), group="dialog")

    def action_new_session(self) -> None:
        """Start a new session."""
        self.run_worker(dialogs.start_anew(self), group="dialog")

    def action_help(self) -> None:
        """Keys and commands."""
        self.run_worker(dialogs.show_help(self), group="dialog")

    def action_roles(self) -> None:
        """The models of the roles."""
        self.run_worker(show_roles(self), group="dialog")

    def action_attempts(self) -> None:
        """The attempts of each turn."""
        self.run_worker(dialogs.show_attempts(self), group="dialog")

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

    def action_page_up(self) -> None:
        """Scroll the chat up by a page."""
        self.regions.chat.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        """Scroll the chat down by a page."""
        self.regions.chat.scroll_page_down(animate=False)

    def action_to_top(self) -> None:
        """To the first message."""
        self.regions.chat.scroll_home(animate=False)

    def action_to_end(self) -> None:
        """To the newest message, and follow it."""
        self.regions.to_end()

    def action_suspend(self) -> None:
        """Stop, until the shell says `fg`."""
        stop(self)

    async def action_quit(self) -> None:
        """Leave koi; the session is closed on the way."""
        self.exit(0)
