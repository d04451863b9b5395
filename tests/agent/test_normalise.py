"""Every history becomes one that all wire formats accept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from koi.agent.normalise import INTERRUPTED, normalise
from koi.core.messages import Message, Part, Reasoning, Role, Text, ToolCall, ToolResult
from tests.conversations import histories

_ids = st.sampled_from(["a", "b", "c"])
_parts: st.SearchStrategy[Part] = st.one_of(
    st.builds(Text, st.sampled_from(["", " ", "words"])),
    st.builds(Reasoning, st.sampled_from(["", "thoughts"])),
)
_calls: st.SearchStrategy[Part] = st.builds(ToolCall, _ids, st.just("read"), st.just({}))
_results: st.SearchStrategy[Part] = st.builds(ToolResult, _ids, st.just("result"))


def _message(role: Role, extra: st.SearchStrategy[Part]) -> st.SearchStrategy[Message]:
    parts = st.lists(st.one_of(_parts, extra), max_size=4)
    return st.builds(Message, st.just(role), parts.map(tuple))


_history = st.lists(
    st.one_of(_message("user", _results), _message("assistant", _calls)), max_size=8
)


@given(_history)
def test_roles_alternate_and_the_user_begins(history: list[Message]) -> None:
    roles = [message.role for message in normalise(history)]
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"] * (len(roles) % 2)


@given(_history)
def test_each_call_is_answered_once_in_order_right_after_it(history: list[Message]) -> None:
    result = normalise(history)
    open_ids: list[str] = []
    for message in result:
        answered = [part.call_id for part in message.parts if isinstance(part, ToolResult)]
        assert answered == open_ids
        open_ids = [call.id for call in message.tool_calls]
    assert open_ids == []


@given(_history)
def test_normalising_twice_changes_nothing(history: list[Message]) -> None:
    once = normalise(history)
    assert normalise(once) == once


def test_a_call_without_a_result_says_that_it_may_have_run() -> None:
    history = [
        Message("user", (Text("go"),)),
        Message("assistant", (ToolCall("a", "read", {}),)),
        Message("user", (Text("next"),)),
    ]
    assert normalise(history)[2].parts == (ToolResult("a", INTERRUPTED, ok=False), Text("next"))


@given(histories())
def test_any_history_keeps_the_rules(history: list[Message]) -> None:
    result = normalise(history)
    assert normalise(result) == result
    roles = [message.role for message in result]
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"] * (len(roles) % 2)
    identities = [call.id for message in result for call in message.tool_calls]
    assert len(set(identities)) == len(identities)
    answers = [part.call_id for m in result for part in m.parts if isinstance(part, ToolResult)]
    assert answers == identities


@given(histories())
def test_nothing_that_was_said_is_lost(history: list[Message]) -> None:
    result = normalise([Message("user", (Text("go"),)), *history])
    kept = [part.text for message in result for part in message.parts if isinstance(part, Text)]
    said = [part for message in history for part in message.parts if isinstance(part, Text)]
    assert [text for text in kept if text.strip()] == [
        "go",
        *(part.text for part in said if part.text.strip()),
    ]


def test_an_id_that_comes_again_in_a_later_answer_is_another_call() -> None:
    def turn(result: str) -> tuple[Message, Message]:
        call = ToolCall("functions.ls:0", "ls", {})
        return (
            Message("assistant", (call,)),
            Message("user", (ToolResult("functions.ls:0", result),)),
        )

    result = normalise([Message("user", (Text("go"),)), *turn("one"), *turn("two")])
    first, second = (call.id for message in result for call in message.tool_calls)
    assert first == "functions.ls:0"
    assert second != first
    assert result[2].parts == (ToolResult(first, "one"),)
    assert result[4].parts == (ToolResult(second, "two"),)
