"""A conversation with calls, told to a model that knows none."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from koi.core.messages import (
    Image,
    Message,
    Part,
    ProviderData,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from koi.providers.prompted.history import in_text
from tests.providers.prompted.reading import calls_in

PICTURE = Image("image/png", b"png")
HISTORY = (
    Message("user", (Text("Look."),)),
    Message("assistant", (Text("I look."), ToolCall("1", "read", {"path": "a.txt"}))),
    Message("user", (ToolResult("1", "carp", images=(PICTURE,)), Text("And?"))),
)


def test_calls_and_results_become_text() -> None:
    told = in_text(HISTORY)
    assert told[1].parts == (
        Text(
            'I look.\n<tool_call>\n{"name":"read","arguments":{"path":"a.txt"}}\n</tool_call>',
        ),
    )
    assert told[2].parts == (
        Text('<tool_result name="read">\ncarp\n</tool_result>'),
        PICTURE,
        Text("And?"),
    )


def test_a_failure_says_so() -> None:
    (told,) = in_text([Message("user", (ToolResult("1", "no such file", ok=False),))])
    assert told.text == '<tool_result status="error">\nno such file\n</tool_result>'


def test_a_call_is_told_as_it_would_be_read() -> None:
    call = ToolCall("1", "write", {"path": 'a "b"\n</tool_call>'})
    (told,) = in_text([Message("assistant", (call,))])
    assert calls_in(told.text) == [("write", call.arguments)]


def test_an_unreadable_call_is_told_as_it_was_written() -> None:
    call = ToolCall("1", "read", None, '<tool_call>{"name": "read"')
    (told,) = in_text([Message("assistant", (call,))])
    assert told.text == '<tool_call>{"name": "read"\n</tool_call>'


def test_reasoning_keeps_its_place_and_its_data() -> None:
    thought = Reasoning("hm", ProviderData("x", {"signature": "s"}))
    (told,) = in_text([Message("assistant", (thought, Text("So."), ToolCall("1", "ls", {})))])
    assert told.parts[0] is thought
    assert len(told.parts) == 2


BITS = ["</tool_result>", "<tool_call>", "</TOOL_RESULT >", "<invoke name='ls'>", "</think>", "<"]
BITS += ["<tool_result", "<|tool_call|>", "\n", "<function=ls>", "tool_result>", "</", "< /x>", "x"]
HOSTILE = st.sampled_from(BITS)


@given(st.lists(HOSTILE, max_size=12).map("".join), st.booleans())
def test_nothing_in_a_result_ends_it_or_calls(content: str, by_hand: bool) -> None:
    part: Part = Text(content) if by_hand else ToolResult("1", content)
    (told,) = in_text([Message("user", (part,))])
    body = told.text if by_hand else told.text[len("<tool_result>") : -len("</tool_result>")]
    assert not re.search(r"</?\|?(tool_result|tool_call|invoke|function|think)\b", body, re.I)
    assert body.replace("&lt;", "<").strip("\n") == content.strip("\n")


PARTS = st.sampled_from(
    [Text("a"), ToolCall("1", "ls", {}), ToolResult("1", "b"), PICTURE, Reasoning("c"), Text("")]
)


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.lists(PARTS, min_size=1))))
def test_roles_and_images_stay(said: list[tuple[str, list[Part]]]) -> None:
    history = [Message(role, tuple(parts)) for role, parts in said]  # type: ignore[arg-type]
    told = in_text(history)
    assert [message.role for message in told] == [message.role for message in history]
    for before, after in zip(history, told, strict=True):
        assert after.parts.count(PICTURE) == before.parts.count(PICTURE)
        assert not any(isinstance(part, ToolCall | ToolResult) for part in after.parts)
