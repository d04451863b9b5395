"""The tier of a turn by its prompt and what went before."""

from __future__ import annotations

import pytest

from koi.core.messages import Message, Text, ToolCall, ToolResult
from koi.routing.tiers import Activity, Tier, activity_before, choose_tier


@pytest.mark.parametrize(
    ("prompt", "tier"),
    [
        ("What is a monad?", "fast"),
        ("list the files", "fast"),
        ("So,where is it?", "fast"),
        ("fix the test", "primary"),
        ("", "primary"),
        ("showing off", "primary"),
        ("debug, please", "premium"),
        ("Refactor: the parser!", "premium"),
        ("please (OPTIMIZE) this", "premium"),
        ("architecture of the debugger", "primary"),
        ("what should I refactor?", "fast"),
        (f"what is {'x' * 80}", "primary"),
        ("x" * 500, "primary"),
        ("x" * 501, "premium"),
    ],
)
def test_words_and_length_decide(prompt: str, tier: Tier) -> None:
    assert choose_tier(prompt, Activity()).tier == tier


@pytest.mark.parametrize(
    ("activity", "tier"),
    [
        (Activity(turns=10, tools=3), "primary"),
        (Activity(turns=11), "premium"),
        (Activity(turns=1, tools=4), "premium"),
    ],
)
def test_long_sessions_and_many_tools_are_worth_the_premium_model(
    activity: Activity, tier: Tier
) -> None:
    assert choose_tier("go on", activity).tier == tier


def test_a_question_while_tools_are_used_is_no_simple_one() -> None:
    assert choose_tier("what now?", Activity(turns=1, tools=1)).tier == "primary"


@pytest.mark.parametrize(
    ("prompt", "activity", "word"),
    [
        ("what?", Activity(), "'what'"),
        ("debug it", Activity(), "'debug'"),
        ("go", Activity(12), "12 turns"),
        ("go", Activity(1, 5), "5 in the last turns"),
        ("x" * 600, Activity(), "600 characters"),
    ],
)
def test_the_reason_names_what_decided(prompt: str, activity: Activity, word: str) -> None:
    assert word in choose_tier(prompt, activity).reason


def turn(prompt: str, *tools: str) -> list[Message]:
    calls = tuple(ToolCall(name, name, {}) for name in tools)
    results = tuple(ToolResult(name, "") for name in tools)
    return [
        Message("user", (Text(prompt),)),
        Message("assistant", calls),
        Message("user", results),
        Message("assistant", (Text("done"),)),
    ]


def test_tools_are_counted_once_each_over_the_last_turns() -> None:
    prompt = Message("user", (Text("go on"),))
    history = [
        *turn("a", "old"),
        *turn("b", "read", "edit"),
        *turn("c", "read"),
        *turn("d", "read", "bash"),
    ]
    assert activity_before([*history, prompt]) == Activity(turns=4, tools=3)


def test_a_first_prompt_has_nothing_before_it() -> None:
    assert activity_before([Message("user", (Text("hello"),))]) == Activity()
    assert activity_before([]) == Activity()
