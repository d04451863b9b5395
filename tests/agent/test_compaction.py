"""What a conversation that is too long becomes: nothing is torn apart, and requests survive."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.agent.compaction import LONGEST_REQUEST, Room, is_summary, plan, with_summary
from koi.agent.context_size import message_tokens
from koi.agent.normalise import normalise
from koi.agent.omissions import LEFT_OUT
from koi.core.messages import (
    Message,
    Opaque,
    ProviderData,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from tests.conversations import histories

SMALL = Room(400, 200)
_rooms = st.builds(Room, st.integers(0, 3_000), st.integers(0, 1_000))
_outputs = st.integers(0, 8_000).map(lambda size: "line of output\n" * (size // 15))


def said(role: str, text: str) -> Message:
    return Message("user" if role == "user" else "assistant", (Text(text),))


def step(number: int, output: str, tool: str = "bash") -> list[Message]:
    """One call and its result."""
    call = ToolCall(f"c{number}", tool, {"command": f"run {number}"})
    return [Message("assistant", (call,)), Message("user", (ToolResult(f"c{number}", output),))]


@st.composite
def long_histories(draw: st.DrawFn) -> list[Message]:
    """Turns with prompts, calls, and outputs of any size."""
    messages: list[Message] = []
    for turn in range(draw(st.integers(1, 4))):
        messages.append(said("user", f"request {turn}"))
        for number in range(draw(st.integers(0, 3))):
            messages += step(turn * 10 + number, draw(_outputs))
        messages.append(said("assistant", f"answer {turn}"))
    return [*messages, said("user", "the last request")]


def answered(messages: tuple[Message, ...]) -> None:
    """Every call has its result in the next message, and every result its call before it."""
    for first, second in pairwise((*messages, Message("user", ()))):
        calls = [call.id for call in first.tool_calls]
        results = [part.call_id for part in second.parts if isinstance(part, ToolResult)]
        assert calls == results


def words(messages: tuple[Message, ...]) -> str:
    return "\n".join(message.text for message in messages)


@given(histories() | long_histories(), _rooms)
def test_calls_and_results_stay_together(history: list[Message], room: Room) -> None:
    made = plan(history, room)
    assert not made.recent or not any(isinstance(part, ToolResult) for part in made.recent[0].parts)
    for outcome in (made.without_outputs, with_summary(made, "what happened", room)):
        answered(outcome)
        assert normalise(outcome) == outcome


@given(histories() | long_histories(), _rooms)
def test_leaving_outputs_out_again_changes_nothing(history: list[Message], room: Room) -> None:
    room = Room(1_000_000, room.keep)
    once = plan(history, room).without_outputs
    again = plan(once, room)
    assert again.outputs_removed == 0
    assert again.without_outputs == once


@given(long_histories(), _rooms)
def test_without_a_summary_all_words_are_kept(history: list[Message], room: Room) -> None:
    assert words(plan(history, room).without_outputs) == words(normalise(history))


@given(long_histories(), st.integers(0, 300))
def test_requests_survive_a_summary_and_the_next_one(history: list[Message], keep: int) -> None:
    room = Room(20_000, keep)
    once = with_summary(plan(history, room), "first summary", room)
    twice = with_summary(plan([*once, *step(99, "x" * 4_000)], room), "second summary", room)
    for request in [message.text for message in history if message.role == "user" and message.text]:
        assert words(once).count(request) == 1
        assert words(twice).count(request) == 1
    assert sum(is_summary(part) for message in twice for part in message.parts) == 1


def test_an_output_becomes_a_line_that_says_how_to_see_it_again() -> None:
    history = [
        said("user", "look"),
        *step(1, "a\n" * 3_000, "read"),
        *step(2, "b\n" * 3_000, "bash"),
        *step(3, f"c\n[9 bytes left out here; all of it is in /spill/s/1.txt]{'c' * 900}", "bash"),
        *step(4, "short", "bash"),
        said("assistant", "done"),
        said("user", "go on"),
    ]
    made = plan(history, Room(10_000, 1), "/spill/s")
    lines = [
        part.content for each in made.reduced for part in each.parts if isinstance(part, ToolResult)
    ]
    assert made.outputs_removed == 3
    assert lines == [
        f"{LEFT_OUT}this output of read to save room: 6,000 characters, 3,000 lines. "
        "Call read again to see how it is now.]",
        f"{LEFT_OUT}this output of bash to save room: 6,000 characters, 3,000 lines. "
        "Repeat the call only if you need it and it is safe to run twice.]",
        f"{LEFT_OUT}this output of bash to save room: 957 characters, 2 lines. "
        "All of it is in /spill/s/1.txt.]",
        "short",
    ]


def test_recent_messages_stay_exactly_as_they_are() -> None:
    signed = Message("assistant", (Reasoning("hm", ProviderData("a", {"s": "1"})), Text("Yes")))
    history = [said("user", "one"), *step(1, "x" * 5_000), signed, said("user", "two")]
    made = plan(history, SMALL)
    assert made.recent[-2:] == (signed, said("user", "two"))


def test_what_a_provider_signed_goes_with_the_turn_it_belonged_to() -> None:
    data = ProviderData("a", {"s": "1"})
    call = ToolCall("1", "bash", {}, provider_data=data)
    before = Message("assistant", (Reasoning("hm", data), Opaque(data), Text("Yes", data), call))
    now = Message("assistant", (Reasoning("so", data), ToolCall("2", "bash", {})))
    history = [
        said("user", "one"),
        before,
        Message("user", (ToolResult("1", "x" * 900),)),
        said("user", "two"),
        now,
        Message("user", (ToolResult("2", "y" * 900),)),
        *step(3, "z" * 900),
    ]
    reduced = plan(history, SMALL).reduced
    assert reduced[1].parts == (Text("Yes"), ToolCall("1", "bash", {}))
    assert reduced[4] == now


def test_outputs_of_the_last_step_are_cut_only_when_they_alone_do_not_fit() -> None:
    history = [said("user", "read it"), *step(1, "x" * 40_000), *step(2, "y" * 800)]
    last = Message("assistant", (ToolCall("3", "read", {}), ToolCall("4", "read", {})))
    results = Message("user", (ToolResult("3", "u" * 40_000), ToolResult("4", "v" * 400)))
    fitting = plan([*history, last, results], Room(30_000, 100))
    assert fitting.recent == (last, results)
    made = plan([*history, last, results], Room(1_000, 100))
    cut, whole = made.recent[-1].parts
    assert isinstance(cut, ToolResult)
    assert cut.content.startswith("uuu")
    assert cut.content.endswith("uuu")
    assert LEFT_OUT in cut.content
    assert whole == ToolResult("4", "v" * 400)
    assert message_tokens(made.recent) < 1_200


def test_a_long_request_keeps_beginning_and_end_in_a_summary() -> None:
    history = [said("user", f"BEGIN{'x' * 50_000}END"), said("assistant", "I see")]
    history += [said("user", "and now"), *step(1, "x" * 2_000)]
    room = Room(20_000, 100)
    text = words(with_summary(plan(history, room), "it was long", room))
    assert "BEGIN" in text
    assert "END" in text
    assert len(text) < LONGEST_REQUEST * 2


@pytest.mark.parametrize("many", [2, 50])
def test_of_too_many_requests_the_first_and_the_latest_stay(many: int) -> None:
    history: list[Message] = []
    for number in range(many):
        history += [said("user", f"request {number}: {'x' * 300}"), said("assistant", "done")]
    room = Room(2_000, 10)
    text = words(with_summary(plan([*history, said("user", "now")], room), "much", room))
    assert "request 0:" in text
    assert f"request {many - 1}:" in text
    assert message_tokens([said("user", text)]) < 1_000


def test_a_request_that_is_being_worked_on_is_said_to_be() -> None:
    done = [
        said("user", "one"),
        *step(1, "x" * 900),
        said("assistant", "done"),
        said("user", "two"),
    ]
    room = Room(2_000, 1)
    for history, going_on in ((done, False), ([*done, *step(2, "y" * 900)], True)):
        text = words(with_summary(plan(history, room), "much", room))
        assert ("last of these requests goes on below" in text) is going_on
