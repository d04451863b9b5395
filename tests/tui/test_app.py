"""The application as its user meets it; the model is koi's demo, or a server on loopback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from textual.screen import Screen
from textual.widget import Widget

from koi.agent.options import SessionOptions
from koi.tui.app import KoiApp
from koi.tui.prompt.editor import PromptEditor
from tests.servers.answers import Answer, calls, failure, text
from tests.servers.model_server import ModelServer
from tests.tui.koi_app import ask, running, say, screen_text, until

MOST_WIDGETS = 40
SHORT = "list the files"
"""A request with a short answer."""

UseServer: TypeAlias = Callable[..., str]


@pytest.fixture(autouse=True)
def without_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo model answers at once."""
    monkeypatch.setenv("KOI_DEMO_PACE", "0")


@pytest.fixture
def slow_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo model writes for as long as a test needs."""
    monkeypatch.setenv("KOI_DEMO_PACE", "4")


@pytest.fixture
def use_server(model_server: ModelServer, koi_home: Path) -> UseServer:
    """Gives the server answers; returns the name of its model."""

    def use(*answers: Answer) -> str:
        koi_home.mkdir(parents=True, exist_ok=True)
        (koi_home / "config.toml").write_text(
            f'[providers.work]\nprotocol = "openai-chat"\nbase_url = "{model_server.openai_url}"\n'
            'api_key = "sk-test-0000"\n[reliability]\nbackoff_ms = 1\n'
        )
        model_server.script(*answers)
        return f"work/{model_server.model}"

    return use


# Turns


@pytest.mark.usefixtures("slow_demo")
async def test_prompts_queue_while_koi_works_and_escape_takes_them_back(workspace: Path) -> None:
    async with running(workspace) as (app, pilot):
        await say(app, pilot, "write a long answer")
        await until(app, "● answering")
        await say(app, pilot, "second")
        await say(app, pilot, "third")
        await until(app, " queued  third")
        assert " queued  second" in screen_text(app)
        await pilot.press("escape")
        await until(app, "■ interrupted")
        assert app.editor.text == "second\nthird"
        assert "queued" not in screen_text(app)
        assert not app.state.busy


async def test_queued_prompts_are_sent_in_order(
    workspace: Path, use_server: UseServer, model_server: ModelServer
) -> None:
    model = use_server(text("one", delay_s=0.3), text("two"), text("three"))
    async with running(workspace, model=model) as (app, pilot):
        for prompt in ("first", "second", "third"):
            await say(app, pilot, prompt)
        await until(app, "koi  three")
    sent = [request.messages[-1]["content"] for request in model_server.model_requests]
    assert sent == ["first", "second", "third"]


async def test_a_turn_asks_the_model_once_for_each_step(
    workspace: Path, use_server: UseServer, model_server: ModelServer
) -> None:
    (workspace / "a.txt").write_text("hello\n")
    model = use_server(calls(("read", {"path": "a.txt"})), text("it says hello"))
    async with running(workspace, model=model) as (app, pilot):
        await ask(app, pilot, "read a.txt")
        assert "✓ read  a.txt" in screen_text(app)
    assert len(model_server.model_requests) == 2


async def test_a_failure_names_who_failed_and_what_to_do(
    workspace: Path, use_server: UseServer
) -> None:
    model = use_server(failure(401, "wrong key"), text("better"))
    async with running(workspace, model=model) as (app, pilot):
        await ask(app, pilot, SHORT)
        shown = screen_text(app)
        assert "✗ work/scripted-model: wrong key (401)" in shown
        assert "The key was refused" in shown
        await ask(app, pilot, "again")
        assert "koi  better" in screen_text(app)


async def test_a_price_that_is_not_known_reads_unknown(
    workspace: Path, use_server: UseServer
) -> None:
    async with running(workspace, model=use_server(text("hi"))) as (app, pilot):
        await ask(app, pilot, SHORT)
        await until(app, "executor scripted-model")
        row = next(line for line in screen_text(app).splitlines() if "executor" in line)
        assert row.endswith("unknown")
        assert "$0" not in screen_text(app)


async def test_no_is_told_to_the_model_and_nothing_is_written(workspace: Path) -> None:
    file = workspace / "a.txt"
    file.write_text("foo\n")
    async with running(workspace) as (app, pilot):
        await say(app, pilot, "replace foo by bar in a.txt")
        await until(app, lambda: bool(app.state.approvals))
        assert "? edit" in screen_text(app)
        app.bridge.answer(app.state.approvals[0].call_id, "deny")
        await until(app, lambda: not app.state.busy)
        assert "⊘ edit  a.txt" in screen_text(app)
        assert file.read_text() == "foo\n"


# The layout


async def test_wide_terminals_show_three_panes(workspace: Path) -> None:
    async with running(workspace, (120, 36)) as (app, _):
        assert "│ tools" in screen_text(app)
        assert "│ cost" in screen_text(app)


async def test_panes_fold_away_and_come_back_with_keys(workspace: Path) -> None:
    async with running(workspace, (80, 24)) as (app, pilot):
        assert "tools" not in screen_text(app)
        await pilot.press("f3")
        await until(app, "│ tools")
        assert app.regions.chat.display
        await pilot.press("f4")
        await until(app, "│ cost")
        await pilot.press("f3", "f4")
        await until(app, lambda: "│ " not in screen_text(app).split("╭")[0])


async def test_a_small_terminal_shows_one_pane(workspace: Path) -> None:
    async with running(workspace, (59, 20)) as (app, pilot):
        assert not app.regions.header.display
        assert "Shift+Tab mode: ask" in screen_text(app)
        await pilot.press("f3")
        await until(app, "│ tools")
        assert not app.regions.chat.display
        await pilot.press("f3")
        await until(app, lambda: app.regions.chat.display)


async def test_the_cost_pane_takes_the_rows_that_it_needs(workspace: Path) -> None:
    async with running(workspace) as (app, pilot):
        assert app.regions.cost.size.height == 3
        await ask(app, pilot, SHORT)
        await until(app, lambda: app.regions.cost.size.height > 3)
        await until(app, "executor koi")


async def test_few_widgets_however_long_the_chat(workspace: Path) -> None:
    async with running(workspace) as (app, pilot):
        before = len(app.screen.query(Widget))
        for _ in range(5):
            await ask(app, pilot, "show markdown")
        assert len(app.screen.query(Widget)) == before
        assert before <= MOST_WIDGETS


async def test_an_answer_costs_no_layout(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(workspace) as (app, pilot):
        await ask(app, pilot, SHORT)  # the cost pane has its height now
        layouts: list[object] = []
        refresh_layout = Screen._refresh_layout

        def counted(self: Screen[object], *arguments: object, **options: object) -> None:
            layouts.append(self)
            refresh_layout(self, *arguments, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(Screen, "_refresh_layout", counted)
        await ask(app, pilot, "write a long answer")
        assert len(app.state.transcript.items[-1].source) > 1_000
        assert len(layouts) <= 2


# Modes, models, sessions


async def test_shift_tab_goes_through_the_modes(workspace: Path) -> None:
    async with running(workspace) as (app, pilot):
        session = app.host.session
        assert session is not None
        seen = []
        for _ in range(4):
            await pilot.press("shift+tab")
            seen.append(session.state.mode)
            await until(app, f"· {session.state.mode}")
        assert seen == ["edit", "plan", "yolo", "ask"]


async def test_a_model_that_does_not_exist_changes_nothing(workspace: Path) -> None:
    async with running(workspace) as (app, pilot):
        await say(app, pilot, "/model nope/x")
        await until(app, "✗ unknown provider 'nope'")
        assert "demo/koi" in screen_text(app)


async def test_another_session_is_resumed_by_its_id(workspace: Path) -> None:
    async with running(workspace) as (app, pilot):
        await ask(app, pilot, SHORT)
        session = app.host.session
        assert session is not None
        await say(app, pilot, "/new")
        await until(app, lambda: app.host.session is not session)
        await until(app, lambda: f"you  {SHORT}" not in screen_text(app))
        await say(app, pilot, f"/resume {session.state.session_id}")
        await until(app, f"you  {SHORT}")


async def test_a_session_that_is_not_there_leaves_the_chat_alone(workspace: Path) -> None:
    async with running(workspace) as (app, pilot):
        await ask(app, pilot, SHORT)
        await say(app, pilot, "/resume nothing-like-it")
        await until(app, "✗ there is no session 'nothing-like-it'")
        assert f"you  {SHORT}" in screen_text(app)
        await ask(app, pilot, "what now")
        assert "you  what now" in screen_text(app)


@pytest.mark.usefixtures("slow_demo")
async def test_a_new_session_ends_the_turn_and_keeps_what_was_queued(workspace: Path) -> None:
    async with running(workspace) as (app, pilot):
        await say(app, pilot, "write a long answer")
        await until(app, "● answering")
        await say(app, pilot, "for the old one")
        old = app.host.session
        await pilot.press("ctrl+n")
        await until(app, lambda: app.host.session is not old)
        assert app.editor.text == "for the old one"
        assert not app.state.transcript.items
        assert not app.state.busy


async def test_a_new_session_keeps_a_model_that_no_option_named(workspace: Path) -> None:
    async with running(workspace) as (app, _):
        assert app.host.session is not None
        model = app.host.session.state.model
        session = await app.host.fresh()
        assert session.state.model == model
        assert app.host.options.executor is None


@pytest.mark.usefixtures("slow_demo")
async def test_a_resumed_answer_that_was_cut_says_so(workspace: Path) -> None:
    async with running(workspace) as (app, pilot):
        await say(app, pilot, "write a long answer")
        await until(app, "● answering")
        await pilot.press("escape")
        await until(app, "■ interrupted")
    async with running(workspace, latest=True) as (app, _):
        await until(app, "■ the answer was cut off here")


# Commands


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/cost", "This session: $0"),
        ("/tokens", "Fresh input"),
        ("/mode plan", "Mode plan."),
        ("/mode fast", "✗ there is no mode 'fast'"),
        ("/nothing", "✗ unknown command /nothing"),
        ("/hepl", "Did you mean /help?"),
        ("/trust", "✗ there is no AGENTS.md in this folder"),
    ],
)
async def test_what_a_command_says(workspace: Path, line: str, answer: str) -> None:
    async with running(workspace) as (app, pilot):
        await ask(app, pilot, SHORT)
        await say(app, pilot, line)
        await until(app, answer)


async def test_the_answer_of_a_command_is_seen_wherever_the_chat_was(workspace: Path) -> None:
    async with running(workspace, (80, 24)) as (app, pilot):
        await ask(app, pilot, "show markdown")
        await pilot.press("ctrl+home")
        await until(app, "you  show markdown")
        await say(app, pilot, "/mode")
        await until(app, "· Mode ask.")


async def test_the_help_opens_and_closes(workspace: Path) -> None:
    async with running(workspace) as (app, pilot):
        await say(app, pilot, "/help")
        await until(app, "Shift+Tab")
        await pilot.press("escape")
        await until(app, lambda: isinstance(app.focused, PromptEditor))


async def test_instructions_of_the_folder_wait_for_trust(workspace: Path) -> None:
    (workspace / "AGENTS.md").write_text("Always say please.\n")
    async with running(workspace) as (app, pilot):
        session = app.host.session
        assert session is not None
        await until(app, "It is not used until you say /trust.")
        assert not session.state.instructions
        await say(app, pilot, "/trust")
        await until(app, "is part of the requests")
        assert "please" in session.state.instructions


# The start


async def test_nothing_connected_leads_to_the_demo(workspace: Path) -> None:

    app = KoiApp(SessionOptions(workspace=workspace))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(app, "welcome to koi")
        await pilot.press("5")
        await until(app, "demo/koi · ask")
        await ask(app, pilot, SHORT)
        assert "koi  " in screen_text(app)
    await app.host.close()


async def test_a_question_mark_as_model_opens_the_list(workspace: Path) -> None:

    app = KoiApp(SessionOptions(workspace=workspace, model="?"))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(app, "demo/koi")
        await pilot.press("enter")
        await until(app, "demo/koi · ask")
        assert app.host.session is not None
    await app.host.close()


# Models without tools of their own


async def test_the_header_says_when_tools_go_into_the_prompt(
    workspace: Path, use_server: UseServer
) -> None:
    call = '<tool_call>{"name": "ls", "arguments": {}}</tool_call>'
    model = use_server(
        failure(400, "it does not support tools"), text(f"I look.\n{call}"), text("Ok.")
    )
    async with running(workspace, model=model) as (app, pilot):
        assert "prompted tools" not in screen_text(app)
        await ask(app, pilot, "look")
        shown = screen_text(app)
        assert f"{model} · prompted tools · ask" in shown
        assert "asked again" in shown
        assert "<tool_call>" not in shown
        assert [str(entry.name) for entry in app.state.calls] == ["ls"]
    async with running(workspace, model=model) as (app, pilot):
        assert f"{model} · prompted tools · ask" in screen_text(app)
