"""A session that was before is shown again."""

from __future__ import annotations

from rich.cells import cell_len

from koi.core.messages import Message, Opaque, ProviderData, Reasoning, Text, ToolCall, ToolResult
from koi.view.resume import CUT, restore
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
    assert [item.source for item in state.transcript.items][1:] == ["half an", CUT]
