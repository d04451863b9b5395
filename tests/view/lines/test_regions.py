"""The regions around the chat, as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from koi.core.agent_events import CostChanged, ModelCost
from koi.core.messages import ToolMode
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.core.usage import Cost, Price, Usage
from koi.view.line import Line, cells
from koi.view.line_store import LineStore
from koi.view.lines.approval import Page, Stage, approval_page, preview_lines
from koi.view.lines.cost import cost_pane_lines
from koi.view.lines.header import activity_line, header_line, keys_line, queue_lines
from koi.view.lines.models import model_line
from koi.view.lines.tools import tool_pane_lines
from koi.view.safe_text import safe
from koi.view.state import Activity, Approval, ScreenState, ToolEntry

MODEL = ModelReference("anthropic", "claude-sonnet-4-6")


def text(lines: list[Line]) -> list[str]:
    return [line.text.rstrip() for line in lines]


@pytest.fixture
def state() -> ScreenState:
    state = ScreenState(cell_len)
    state.set_header(workspace="~/src/app", model=str(MODEL), mode="ask")
    return state


def spend(state: ScreenState, cost: Cost) -> None:
    usage = Usage(4100, 38_000, 0, 1200)
    state.costs = CostChanged(
        MODEL, "executor", usage, cost.usd, usage, cost, usage, cost,
        (ModelCost(MODEL, "executor", usage, cost),), 200_000,
    )  # fmt: skip
    state.context_window = 200_000
    state.context_tokens = 46_000


def test_the_header_names_everything(state: ScreenState) -> None:
    spend(state, Cost(0.41))
    assert header_line(state, 76).text == (
        " koi · ~/src/app · anthropic/claude-sonnet-4-6 · ask       ctx 23% · $0.410 "
    )


def test_a_narrow_header_keeps_mode_and_cost(state: ScreenState) -> None:
    spend(state, Cost(0.41))
    assert header_line(state, 50).text == " koi · …/claude-sonnet-4-6 · ask ctx 23% · $0.410 "


@given(st.integers(4, 130), st.text(max_size=60), st.sampled_from(["ask", "yolo"]))
def test_a_header_is_never_wider_than_the_screen(width: int, folder: str, mode: str) -> None:
    state = ScreenState(cell_len)
    state.set_header(workspace=folder, model=str(MODEL), mode=mode)
    spend(state, Cost(0.41, incomplete=True))
    assert cells(header_line(state, width).spans, cell_len) <= width


def test_the_current_step_and_its_age(state: ScreenState) -> None:
    assert activity_line(state, 60, 5.0).text == ""
    state.activity = Activity(safe("running bash"), 100.0)
    assert activity_line(state, 44, 112.0).text == " ● running bash · 12 s            Esc stops "


def test_keys_that_do_not_fit_are_left_out() -> None:
    keys = [("Enter", "send"), ("Esc", "stop"), ("Ctrl+P", "palette")]
    assert keys_line(keys, 80, cell_len).text == " Enter send · Esc stop · Ctrl+P palette"
    assert keys_line(keys, 24, cell_len).text == " Enter send · Esc stop"


def test_queued_requests_are_one_line_each(state: ScreenState) -> None:
    state.queue("then\nrun it")
    assert text(queue_lines(state, 30)) == [" queued  then run it"]


def test_an_empty_tool_pane(state: ScreenState) -> None:
    assert text(tool_pane_lines(state, 30, 4, 0.0)) == ["tools", "nothing has run yet", "", ""]


def test_the_tool_pane_shows_calls_and_the_output_of_the_chosen_one(state: ScreenState) -> None:
    state.add_call(ToolEntry("1", safe("bash"), safe("pytest -q"), "ok", seconds=1.2))
    state.add_call(ToolEntry("2", safe("edit"), safe("app/auth.py"), "failed", seconds=0.3))
    state.add_call(ToolEntry("3", safe("bash"), safe("make"), "running", started=90.0))
    state.calls[2].output = LineStore("one\ntwo\nthree\nfour\nfive\nsix\n")
    assert text(tool_pane_lines(state, 32, 9, 100.0)) == [
        "tools                          3",
        " ✗ edit  app/auth.py      failed",
        " ● bash  make               10 s",
        "─" * 32,
        "… 2 lines above",
        "three",
        "four",
        "five",
        "six",
    ]


@given(st.integers(1, 60), st.integers(1, 30))
def test_the_tool_pane_fits(width: int, height: int) -> None:
    state = ScreenState(cell_len)
    for number in range(5):
        state.add_call(ToolEntry(str(number), safe("日本語"), safe("x" * 50), "ok", seconds=3.0))
    state.calls[4].output = LineStore("日本語" * 30 + "\n\tx\n" * 20)
    lines = tool_pane_lines(state, width, height, 0.0, focused=True)
    assert len(lines) == height
    assert all(cells(line.spans, cell_len) <= max(width, 1) for line in lines)


def test_models_of_the_same_name_are_told_with_their_providers(state: ScreenState) -> None:
    usage, cost = Usage(1, 0, 0, 1), Cost().add(1.0)
    served = [ModelReference(name, "gpt-4o") for name in ("openai", "azure")]
    models = tuple(ModelCost(model, "executor", usage, cost) for model in (*served, MODEL))
    state.costs = CostChanged(
        MODEL, "executor", usage, cost.usd, usage, cost, usage, cost, models, None
    )
    assert [" ".join(line.split()[:2]) for line in text(cost_pane_lines(state, 44, 0.0))[-3:]] == [
        "executor openai/gpt-4o",
        "executor azure/gpt-4o",
        "executor claude-sonnet-4-6",
    ]


def test_the_cost_pane(state: ScreenState) -> None:
    spend(state, Cost(0.41))
    assert text(cost_pane_lines(state, 33, 0.0)) == [
        "cost",
        "turn                       $0.410",
        "session                    $0.410",
        "in 4.1k  cached 38k  out 1.2k",
        "context         46k of 200k (23%)",
        "executor claude-sonnet-4…  $0.410",
    ]


def test_an_unknown_price_reads_unknown(state: ScreenState) -> None:
    spend(state, Cost(0.0, incomplete=True))
    lines = text(cost_pane_lines(state, 32, 0.0))
    assert lines[1] == "turn                     unknown"
    assert not any("$0" in line for line in lines)


def approval(preview: str, *, is_diff: bool = False, always: str = "bash(git*)") -> Approval:
    return Approval(
        "c1", safe("bash"), safe("run a command"), tuple(preview.split("\n")), is_diff,
        safe("no rule allows it"), safe(always),
    )  # fmt: skip


def page(
    question: Approval,
    width: int,
    height: int,
    *,
    waiting: int = 0,
    scroll: int = 0,
    stage: Stage = "ready",
) -> Page:
    preview = preview_lines(question, width, cell_len)
    return approval_page(
        question, preview, width, height, cell_len, waiting=waiting, scroll=scroll, stage=stage
    )


def test_a_question_shows_the_exact_command_and_its_keys() -> None:
    assert text(page(approval("git commit -am fix"), 60, 10, waiting=1).lines) == [
        " ? bash  run a command                               1 of 2",
        " │ no rule allows it",
        " │ git commit -am fix",
        " y yes · n no · a always: bash(git*)",
    ]


def test_a_long_command_is_wrapped_and_not_cut() -> None:
    lines = text(page(approval("x" * 100, always=""), 43, 10).lines)
    assert lines[2:5] == [" │ " + "x" * 40, " │ " + "x" * 40, " │ " + "x" * 20]
    assert lines[-1] == " y yes · n no"


def test_a_long_preview_scrolls_and_says_so() -> None:
    long = approval("\n".join(str(number) for number in range(20)))
    lines = text(page(long, 60, 8, scroll=5).lines)
    assert lines[2:7] == [
        " │ 5",
        " │ 6",
        " │ 7",
        " │ 8",
        " │ … 5 lines above · 11 lines below · PgUp PgDn",
    ]
    end = page(long, 60, 8, scroll=99)
    assert text(end.lines)[2] == " │ 16"
    assert (end.first, end.rows, end.at_end) == (16, 4, True)


def test_a_question_says_when_its_keys_do_not_answer_yet() -> None:
    question = approval("ls")
    assert text(page(question, 60, 8, stage="unread").lines)[-1] == (
        " n no · yes: first read to the end (PgDn, End)"
    )
    assert text(page(question, 60, 8, stage="away").lines)[-1].startswith(" Tab to answer: y yes")


def test_a_model_shows_as_much_as_fits_beside_its_name() -> None:
    model = ModelInfo(ModelReference("p", "m"), 200_000, None, True, price=Price(3, 15))
    assert model_line(model, 60, cell_len).text.endswith("$3 in $15 out · 200k ctx · tools ")
    assert model_line(model, 32, cell_len).text.endswith("$3 in $15 out ")
    assert model_line(model, 12, cell_len).text == "    p/m"


def test_the_chosen_and_the_current_model_are_marked() -> None:
    model = ModelInfo(ModelReference("p", "m"))
    assert model_line(model, 12, cell_len, selected=True).text == "▸   p/m"
    assert model_line(model, 12, cell_len, current=True).text == " ●  p/m"


def test_a_favourite_is_marked() -> None:
    assert model_line(ModelInfo(MODEL), 14, cell_len, favourite=True).text.startswith("  ★ ")


def test_a_model_that_cannot_be_used_says_why_instead_of_what_it_costs() -> None:
    model = ModelInfo(ModelReference("p", "m"), 200_000, price=Price(3, 15))
    line = model_line(model, 60, cell_len, reason="no key: P_API_KEY").text
    assert line.endswith("  no key: P_API_KEY ")
    assert "$" not in line
    assert model_line(model, 20, cell_len, reason="no key: P_API_KEY").text.endswith("no key: … ")


def test_an_unknown_model_price_is_named_unknown() -> None:
    assert model_line(ModelInfo(MODEL), 60, cell_len).text.endswith("price unknown ")


@pytest.mark.parametrize(
    ("mode", "note"), [("native", ""), ("prompt", " · prompted tools"), ("off", " · no tools")]
)
def test_the_header_says_how_tools_are_offered(
    state: ScreenState, mode: ToolMode, note: str
) -> None:
    state.tool_mode = mode
    named = header_line(state, 76).text.rstrip()
    assert named == f" koi · ~/src/app · anthropic/claude-sonnet-4-6{note} · ask"
    assert cell_len(header_line(state, 40).text) <= 40
