"""Hostile text reaches no region of the screen as anything but characters."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from koi.core.agent_events import (
    AgentEvent,
    ApprovalRequested,
    Compacted,
    FellBack,
    RequestStarted,
    Retrying,
    Streamed,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnFailed,
    TurnStarted,
)
from koi.core.budgets import BudgetHeld, BudgetUse, BudgetWarned
from koi.core.errors import ErrorReport, FailedAttempt
from koi.core.messages import ToolCall
from koi.core.provider_events import ReasoningDelta, TextDelta, ToolCallReady
from koi.core.references import ModelReference
from koi.core.request_events import AttemptEnded, CandidateState, ChainChanged, Routed
from koi.view.fold import fold
from koi.view.line import Line
from koi.view.lines.approval import approval_page, preview_lines
from koi.view.lines.attempts import log_lines, turn_title
from koi.view.lines.cost import cost_pane_lines
from koi.view.lines.header import activity_line, header_line, queue_lines
from koi.view.lines.tools import tool_pane_lines
from koi.view.state import ScreenState

PIECES = [
    "\x1b]52;c;QUJD\x07",
    "\x1b]0;title\x1b\\",
    "\x1b[2J",
    "\x1b[31m",
    "\x1b]8;;https://evil\x07",
    "\x1bP",
    "\x9b2K",
    "\x9d0;x",
    "\x07",
    "\r",
    "\u202e",
    "\u2066",
    "\ud800",
    "\x85",
    "&#27;[2J",
    "&#x202e;",
    "`",
    "**",
    "```\n",
    "[x](koi:fold)",
    "[x](https://a\x1b[2J)",
    "<b>",
    "\n",
    "word ",
]
hostile = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def events(text: str) -> list[AgentEvent]:
    model = ModelReference(text or "p", text or "m")
    call = ToolCall("c" + text, text, {text: text, "command": text})
    failed = FailedAttempt(text, text, text)
    return [
        TurnStarted(text, text),
        Routed(model, model, "tier", text),
        ChainChanged(
            "executor", (CandidateState(model, "unfit", text, reason=text), CandidateState(model))
        ),
        RequestStarted("r", model, "executor", 1, key=text),
        BudgetWarned(BudgetUse("day_usd", 1.0, 0.9), 0.8, text),
        BudgetHeld(BudgetUse("day_usd", 1.0, 0.9), 120.0, text),
        Streamed("r", ReasoningDelta("x" + text)),
        Streamed("r", TextDelta("x" + text)),
        AttemptEnded("r", model, text, 1, "retry", text, "overloaded", text, 500),
        Retrying(model, text, 500, 1.0, 2, text),
        Streamed("r", TextDelta("y" + text)),
        Streamed("r", ToolCallReady(call)),
        ApprovalRequested(call, text, text, "command", text, text),
        FellBack(model, model, text),
        Compacted("overflow", 9, 1, model=model),
        ToolStarted(call, text),
        ToolOutput(call.id, text),
        ToolFinished(call.id, text, False, text, False, 1.0, text, text),
        TurnFailed(text, ErrorReport("internal", text, text, attempts=(failed,)), text, 1.0),
    ]


def is_clean(line: Line) -> bool:
    return all(
        unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp")
        and unicodedata.bidirectional(char) not in ("RLO", "LRO", "RLI", "LRI", "FSI")
        for text, face in line.spans
        for char in text + face.href
    )


@settings(max_examples=60, deadline=None)
@given(hostile)
def test_no_region_shows_a_control_character(text: str) -> None:
    state = ScreenState(cell_len)
    state.set_header(workspace=text, mode=text)
    state.queue(text)
    shown: list[Line] = []
    for event in events(text):
        fold(state, event, 0.0)
        shown += [header_line(state, 80), activity_line(state, 80, 1.0), *queue_lines(state, 80)]
        shown += tool_pane_lines(state, 30, 12, 1.0)
        shown += cost_pane_lines(state, 30, 0.0)
        for turn in state.requests.log.turns:
            shown += [turn_title(turn, 1, 40, cell_len)]
            shown += [line for width in (40, 90) for line in log_lines(turn, width, 0.0, cell_len)]
        for approval in state.approvals:
            preview = preview_lines(approval, 60, cell_len)
            shown += approval_page(approval, preview, 60, 12, cell_len).lines
    transcript = state.transcript
    for index, item in enumerate(transcript.items):
        transcript.click(index, item.gap)
        transcript.measure(index)
    shown += [line for _, _, line in transcript.window(0, 10_000)]
    assert all(is_clean(line) for line in shown)


@given(hostile)
def test_text_cannot_pose_as_an_action(text: str) -> None:
    state = ScreenState(cell_len)
    fold(state, Streamed("r", TextDelta("x" + text)), 0.0)
    transcript = state.transcript
    transcript.measure(0)
    targets = {face.href for _, _, line in transcript.window(0, 10_000) for _, face in line.spans}
    assert all(not target or target.startswith(("https://", "http://")) for target in targets)
