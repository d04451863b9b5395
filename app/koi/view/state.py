"""Everything that the screen shows, as data. Only `fold` and a few named changes write to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag, auto

from koi.core.agent_events import CostChanged
from koi.core.messages import ToolMode
from koi.core.offers import EXECUTOR
from koi.core.usage import Usage
from koi.view.items.answer import Answer
from koi.view.items.reasoning import Reasoning
from koi.view.items.tool_card import ToolCard, ToolStatus
from koi.view.line import Measure
from koi.view.line_store import LineStore
from koi.view.requests import Requests
from koi.view.safe_text import SafeText, safe
from koi.view.transcript import Transcript

MAX_CALLS = 500
"""Calls in the tool pane; older ones are in the chat only."""
MAX_OUTPUTS = 40
"""Calls whose output the pane keeps."""


class Changed(IntFlag):
    """The parts of the screen that an event touched."""

    NOTHING = 0
    TRANSCRIPT = auto()
    TOOLS = auto()
    COST = auto()
    HEADER = auto()
    ACTIVITY = auto()
    APPROVALS = auto()
    ATTEMPTS = auto()


@dataclass(slots=True)
class Activity:
    """The step that koi is at, and the monotonic time in seconds at which it began."""

    step: SafeText
    since: float
    until: float | None = None
    """When the step begins, if it has to wait; until then the time that is left is shown."""


@dataclass(slots=True)
class ToolEntry:
    """A row of the tool pane."""

    call_id: str
    name: SafeText
    summary: SafeText
    status: ToolStatus = "running"
    started: float = 0.0
    seconds: float | None = None
    output: LineStore | None = None
    """None when the output is too old to be kept here."""


@dataclass(slots=True, frozen=True)
class Approval:
    """A question that waits for the person. Nothing in its texts can hide."""

    call_id: str
    tool: SafeText
    title: SafeText
    preview: tuple[str, ...]
    is_diff: bool
    reason: SafeText
    always: SafeText
    """What "always" would allow; empty when it is not offered."""


@dataclass(slots=True)
class ScreenState:
    """The data of every region. `transcript` is shared with the widget that shows it."""

    measure: Measure
    workspace: SafeText = field(default_factory=lambda: safe(""))
    model: SafeText = field(default_factory=lambda: safe(""))
    mode: SafeText = field(default_factory=lambda: safe("ask"))
    tool_mode: ToolMode = "native"
    """How the model is offered tools."""
    transcript: Transcript = field(default_factory=Transcript)
    calls: list[ToolEntry] = field(default_factory=list)
    selected: int | None = None
    """The chosen row of the tool pane; None follows the newest."""
    costs: CostChanged | None = None
    context_window: int | None = None
    context_tokens: int | None = None
    activity: Activity | None = None
    """None while koi waits for the person's next request."""
    approvals: list[Approval] = field(default_factory=list)
    requests: Requests = field(default_factory=Requests)
    queued: list[SafeText] = field(default_factory=list)
    """Requests that wait for the current turn to end."""

    # What the reducer has to remember between events.
    cards: dict[str, tuple[int, ToolCard]] = field(default_factory=dict)
    running: dict[str, SafeText] = field(default_factory=dict)
    answer: tuple[int, Answer] | None = None
    reasoning: tuple[int, Reasoning, float] | None = None
    argument_characters: int = 0

    @property
    def busy(self) -> bool:
        """True while a turn runs."""
        return self.activity is not None

    @property
    def context_share(self) -> float | None:
        """How full the context window is, 0 to 1; None when that is not known."""
        if not self.context_window or self.context_tokens is None:
            return None
        return self.context_tokens / self.context_window

    @property
    def selected_call(self) -> ToolEntry | None:
        """The call whose output the tool pane shows."""
        if not self.calls:
            return None
        index = len(self.calls) - 1 if self.selected is None else self.selected
        return self.calls[max(0, min(index, len(self.calls) - 1))]

    def select_call(self, step: int) -> None:
        """Move the selection of the tool pane; past the newest it follows again."""
        if not self.calls:
            return
        last = len(self.calls) - 1
        self.select_call_at((last if self.selected is None else self.selected) + step)

    def select_call_at(self, index: int) -> None:
        """Choose a call by its place; choosing the newest means: follow."""
        self.selected = None if index >= len(self.calls) - 1 else max(0, index)

    def add_call(self, entry: ToolEntry) -> None:
        """A new row of the tool pane; the oldest rows and outputs go."""
        self.calls.append(entry)
        if len(self.calls) > MAX_CALLS:
            del self.calls[0]
            if self.selected is not None:
                self.selected = max(0, self.selected - 1)
        if len(self.calls) > MAX_OUTPUTS:
            self.calls[-MAX_OUTPUTS - 1].output = None

    def set_header(self, *, workspace: str = "", model: str = "", mode: str = "") -> None:
        """Change what the header names; empty means: as it was."""
        if workspace:
            self.workspace = safe(workspace, keep_newlines=False)
        if model:
            self.model = safe(model, keep_newlines=False)
        if mode:
            self.mode = safe(mode, keep_newlines=False)

    def choose_model(self, model: str) -> None:
        """The person, or the configuration, named the model that is meant to answer."""
        self.set_header(model=model)
        self.requests.stand_in.forget()
        self.requests.chains.pop(EXECUTOR, None)

    def count_context(self, usage: Usage) -> None:
        """The context window holds what the last request and its answer took."""
        if usage.context_tokens:
            self.context_tokens = usage.context_tokens

    def queue(self, text: str) -> None:
        """A request that waits for the current turn."""
        self.queued.append(safe(text))

    def unqueue(self) -> None:
        """The oldest waiting request starts, or is taken back."""
        if self.queued:
            del self.queued[0]

    def clear(self) -> None:
        """An empty screen for another session; header and mode stay."""
        self.transcript.clear()
        self.calls.clear()
        self.cards.clear()
        self.running.clear()
        self.approvals.clear()
        self.queued.clear()
        self.requests.clear()
        self.selected = self.costs = self.context_tokens = None
        self.activity = self.answer = self.reasoning = None
