"""Pictures of the prompt and of the screens: what they look like, at one size in one theme."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Protocol

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

from koi.catalogue.model_choices import ModelChoices
from koi.core.offers import ProviderOffer, RoleModel
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.core.usage import Price
from koi.tui.desk import GivenKey
from koi.tui.prompt.approval_bar import ApprovalBar
from koi.tui.prompt.completion import CompletionList
from koi.tui.prompt.editor import PromptEditor
from koi.tui.screens.first_run import first_page
from koi.tui.screens.model_list import ModelList
from koi.tui.theme import THEME
from koi.view.safe_text import safe
from koi.view.state import Approval, ScreenState

LLAMA = ModelReference("ollama", "llama3.3:70b")
DIFF = """--- a/app/auth.py
+++ b/app/auth.py
@@ -1,4 +1,4 @@
 import time
-from datetime import datetime
+from datetime import UTC, datetime
 
 def now():"""


class Picture(Protocol):
    """The fixture of pytest-textual-snapshot."""

    def __call__(
        self,
        app: App[None],
        *,
        terminal_size: tuple[int, int],
        run_before: Callable[[Pilot[None]], object],
    ) -> bool:
        """True when the application looks as it did."""
        ...


class PictureApp(App[None]):
    """The lower part of the main screen."""

    CSS = "#chat { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__(ansi_color=True)
        self.state = ScreenState(cell_len)
        self.bar = ApprovalBar(self.state, clock=lambda: 0.0)
        self.completion = CompletionList(cell_len)
        self.editor = PromptEditor(completion=self.completion)

    def compose(self) -> ComposeResult:
        yield Static("chat", id="chat")
        yield self.bar
        yield self.completion
        yield self.editor

    def on_mount(self) -> None:
        self.register_theme(THEME)
        self.theme = THEME.name
        self.editor.focus()


@pytest.fixture
def looks_the_same(snap_compare: Picture) -> Callable[[Callable[[Pilot[None]], object]], bool]:
    def compare(prepare: Callable[[Pilot[None]], object]) -> bool:
        return snap_compare(PictureApp(), terminal_size=(90, 26), run_before=prepare)

    return compare


Compare = Callable[[Callable[[Pilot[None]], object]], bool]


def application(pilot: Pilot[None]) -> PictureApp:
    assert isinstance(pilot.app, PictureApp)
    return pilot.app


def test_a_prompt_of_several_lines_with_a_chip(looks_the_same: Compare) -> None:
    async def prepare(pilot: Pilot[None]) -> None:
        app = application(pilot)
        app.editor.set_draft("Why does this fail?\n\n")
        app.editor.paste("line\n" * 120)
        await pilot.pause()

    assert looks_the_same(prepare)


def test_completion_of_a_command(looks_the_same: Compare) -> None:
    async def prepare(pilot: Pilot[None]) -> None:
        await pilot.press("/", "m", "o", "down")

    assert looks_the_same(prepare)


def test_a_question_about_a_diff(looks_the_same: Compare) -> None:
    async def prepare(pilot: Pilot[None]) -> None:
        app = application(pilot)
        for number in (1, 2):
            app.state.approvals.append(
                Approval(
                    f"c{number}", safe("edit"), safe("change app/auth.py"),
                    tuple(DIFF.split("\n")), True, safe("mode ask: writing asks"),
                    safe("edit(app/*)"),
                )
            )  # fmt: skip
        app.bar.update()
        await pilot.pause()

    assert looks_the_same(prepare)


class Shelf:
    """A few models of each kind, for the picture of their list."""

    async def offers(
        self, *, refresh: bool = False
    ) -> AsyncGenerator[tuple[ProviderOffer, ...], None]:
        sonnet = ModelInfo(
            ModelReference("anthropic", "claude-sonnet-4-6"), 200_000, 64_000, True, True,
            price=Price(3, 15, 0.3, 3.75),
        )  # fmt: skip
        yield (
            ProviderOffer(
                "anthropic", "Anthropic", models=(sonnet,), source="live",
                credential="key …abcd from ANTHROPIC_API_KEY",
            ),
            ProviderOffer("ollama", "Ollama", models=(ModelInfo(LLAMA, 131_072, tools=False),)),
            ProviderOffer("openai", "OpenAI", reason="no key: OPENAI_API_KEY"),
            ProviderOffer("copilot", "GitHub Copilot", reason="no login"),
        )  # fmt: skip

    def choices(self) -> ModelChoices:
        return ModelChoices((ModelReference("openai", "gpt-5.2"),), (LLAMA,))

    def roles(self) -> dict[str, RoleModel]:
        names = ("executor", "evaluator", "planner", "embedder", "small")
        return {name: RoleModel(name) for name in names}

    async def toggle_favourite(self, reference: ModelReference) -> ModelChoices:
        return self.choices()

    async def keep(self, role: str, reference: ModelReference) -> str:
        return ""

    async def connect(self, what: str | GivenKey) -> str | None:
        return None


@pytest.mark.parametrize("size", [(90, 26), (60, 15)])
def test_the_model_list(snap_compare: Picture, size: tuple[int, int]) -> None:
    async def prepare(pilot: Pilot[None]) -> None:
        await pilot.app.push_screen(ModelList(Shelf(), LLAMA))
        await pilot.pause()

    assert snap_compare(PictureApp(), terminal_size=size, run_before=prepare)


def test_the_first_run(looks_the_same: Compare) -> None:
    async def prepare(pilot: Pilot[None]) -> None:
        page, _ = first_page(("Ollama runs, but has no model yet.",), "")
        await pilot.app.push_screen(page)
        await pilot.pause()

    assert looks_the_same(prepare)
