"""A session that was before is shown again."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from koi.core.agent_events import ToolFinished
from koi.core.messages import Message, Opaque, ProviderData, Reasoning, Text, ToolCall, ToolResult
from koi.view.request_texts import GO_ON
from koi.view.resume import CUT, UNFINISHED, restore
from koi.view.state import ScreenState


def test_messages_become_items_and_tool_rows() -> None:
    state = ScreenState(cell_len)
    restore(
        state,
        (
            Message("user", (Text("Run the tests"),)),
            Message(
                "assistant",
                (
                    Opaque(ProviderData("anthropic", {})),
                    Reasoning("I will run them"),
                    Text("Running."),
                    ToolCall("c1", "bash", {"command": "pytest -q"}),
                    ToolCall("c2", "bash", None, "{broken"),
                ),
            ),
            Message("user", (ToolResult("c1", "2 passed"), ToolResult("gone", "x"))),
            Message("assistant", (Text("All **green**."),)),
        ),
    )
    transcript = state.transcript
    for index in range(len(transcript.items)):
        transcript.measure(index)
    lines = [line.text.rstrip() for _, _, line in transcript.window(0, 100)]
    assert [line for line in lines if line] == [
        "you  Run the tests",
        "     ▸ thought  4 words",
        "koi  Running.",
        "     ✓ bash  pytest -q  ▸ 1 line",
        "     ■ bash  {broken  stopped",
        "koi  All green.",
    ]
    assert [(entry.name, entry.summary, entry.status) for entry in state.calls] == [
        ("bash", "pytest -q", "ok")
    ]
    assert state.activity is None


def test_an_answer_that_was_cut_says_so() -> None:
    state = ScreenState(cell_len)
    messages = [Message("user", (Text("hi"),)), Message("assistant", (Text("half an"),))]
    restore(state, messages, frozenset({1}))
    assert [item.source for item in state.transcript.items][1:3] == ["half an", CUT]


@pytest.mark.parametrize("said", [(), (Message("assistant", (Text("half an"),)),)])
def test_a_last_turn_without_its_end_names_how_it_goes_on(said: tuple[Message, ...]) -> None:
    state = ScreenState(cell_len)
    restore(state, [Message("user", (Text("hi"),)), *said], frozenset({1}))
    assert state.transcript.items[-1].source == f"{UNFINISHED} {GO_ON}"


def test_a_last_turn_that_came_to_its_end_names_nothing() -> None:
    state = ScreenState(cell_len)
    restore(state, [Message("user", (Text("hi"),)), Message("assistant", (Text("ho"),))])
    assert state.transcript.items[-1].source == "ho"


def test_a_resumed_edit_shows_its_diff_and_what_was_denied() -> None:
    state = ScreenState(cell_len)
    calls = (ToolCall("1", "edit", {"path": "a"}), ToolCall("2", "bash", {"command": "rm a"}))
    results = (ToolResult("1", "edited"), ToolResult("2", "Denied by the user.", ok=False))
    messages = [
        Message("user", (Text("go"),)),
        Message("assistant", calls),
        Message("user", results),
    ]
    edited = ToolFinished("1", "edit", True, "edited", False, 1.0, "+1 -1", "@@ -1 +1 @@\n-a\n+b")
    denied = ToolFinished("2", "bash", False, "Denied by the user.", False, 0.0, "denied")
    restore(state, messages, finished={"1": edited, "2": denied}, summaries={"1": "a +1 -1"})
    assert "+b" in state.transcript.items[1].source
    assert [(entry.summary, entry.status) for entry in state.calls] == [
        ("a +1 -1", "ok"),
        ("rm a", "denied"),
    ]
