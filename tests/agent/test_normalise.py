"""Every history becomes one that all wire formats accept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from koi.agent.normalise import INTERRUPTED, normalise
from koi.core.messages import Message, Part, Reasoning, Role, Text, ToolCall, ToolResult

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
