"""Conversations rebuilt from a journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from koi.core.agent_events import Compacted
from koi.core.messages import Message, Text, ToolCall, ToolResult
from koi.store.conversation import (
    MAY_HAVE_RUN,
    NOT_STARTED,
    branch,
    conversation,
    shown,
    timeline,
    undoing,
)
from koi.store.lines import Entry
from koi.store.records import CompactionRecord, KnownRecord, ToolIntentRecord, TurnEndRecord
from tests.store.samples import EVERY_KIND, SESSION, answer, call, prompt, result, usage


def entries(*records: KnownRecord) -> tuple[Entry, ...]:
    """Records one after the other."""
    return tuple(
        Entry(f"a{number}", f"a{number - 1}" if number else None, 1.0, record)
        for number, record in enumerate(records)
    )


def results(*pairs: tuple[str, str, bool]) -> Message:
    """The user message that answers calls."""
    return Message("user", tuple(ToolResult(*pair) for pair in pairs))


def test_prompts_answers_and_results_alternate() -> None:
    asked = answer("let me see", call("c1"))
    found = conversation(
        entries(SESSION, prompt("hi"), asked, ToolIntentRecord(call("c1")), result("c1"), usage(),
                answer("done"), TurnEndRecord("finished"))
    )  # fmt: skip
    assert found == (
        prompt("hi").message,
        asked.message,
        results(("c1", "done", True)),
        answer("done").message,
    )


def test_opaque_data_comes_back_exactly() -> None:
    assert EVERY_KIND[5].message in conversation(entries(*EVERY_KIND))  # type: ignore[union-attr]


def test_results_come_in_the_order_of_their_calls() -> None:
    found = conversation(
        entries(answer("", call("c1"), call("c2")), result("c2", "two"), result("c1", "one"))
    )
    assert found[1] == results(("c1", "one", True), ("c2", "two", True))


def test_a_call_without_a_result_says_whether_it_may_have_run() -> None:
    found = conversation(
        entries(answer("", call("c1"), call("c2")), ToolIntentRecord(call("c1")), prompt("go on"))
    )
    assert found[1] == results(("c1", MAY_HAVE_RUN, False), ("c2", NOT_STARTED, False))
    assert found[2] == prompt("go on").message


def test_ids_that_a_later_message_uses_again_are_not_mixed_up() -> None:
    found = conversation(
        entries(
            answer("", call("c")), result("c", "one"), answer("", call("c")), result("c", "two")
        )
    )
    assert [m for m in found if m.role == "user"] == [
        results(("c", "one", True)),
        results(("c", "two", True)),
    ]


def test_two_calls_with_one_id_get_a_result_each() -> None:
    found = conversation(
        entries(answer("", call("c"), call("c")), result("c", "one"), result("c", "two"))
    )
    assert found[1] == results(("c", "one", True), ("c", "two", True))


def test_partial_text_stays_when_the_turn_was_interrupted() -> None:
    part = answer("I was about to", complete=False)
    found = conversation(entries(prompt("a"), part, TurnEndRecord("cancelled"), prompt("b")))
    assert [message.text for message in found] == ["a", "I was about to", "b"]


def test_partial_text_goes_when_the_answer_was_asked_for_again() -> None:
    found = conversation(entries(prompt("a"), answer("I w", complete=False), answer("I will")))
    assert [message.text for message in found] == ["a", "I will"]


def test_an_answer_of_nothing_and_a_result_without_a_call_are_left_out() -> None:
    assert conversation(entries(prompt("a"), result("c9"), answer(""))) == (prompt("a").message,)


RECORDS = st.sampled_from(
    [
        prompt("p"),
        answer("t"),
        answer("t", complete=False),
        answer("", call("c1")),
        answer("", call("c1"), call("c2")),
        answer("x", call("c2"), complete=False),
        ToolIntentRecord(call("c1")),
        result("c1"),
        result("c2"),
        TurnEndRecord("failed"),
    ]
)


@given(st.lists(RECORDS, max_size=12))
def test_whatever_happened_each_call_is_followed_by_its_results(records: list[KnownRecord]) -> None:
    messages = conversation(entries(*records))
    for index, message in enumerate(messages):
        assert message.parts
        answered = [part.call_id for part in message.parts if isinstance(part, ToolResult)]
        before = messages[index - 1].tool_calls if index else ()
        assert answered == [asked.id for asked in before]
        if message.tool_calls:
            assert index + 1 < len(messages)


@given(st.lists(RECORDS, max_size=12))
def test_no_prompt_is_ever_lost(records: list[KnownRecord]) -> None:
    prompts = [m for m in conversation(entries(*records)) if m == Message("user", (Text("p"),))]
    assert len(prompts) == records.count(prompt("p"))


@given(st.lists(st.integers(-2, 8), min_size=1, max_size=8), st.integers(0, 8))
def test_a_branch_ends_whatever_its_parents_say(parents: list[int], head: int) -> None:
    tangle = [
        Entry(f"a{number}", f"a{parent}" if parent >= 0 else None, 1.0, prompt(str(number)))
        for number, parent in enumerate(parents)
    ]
    way = branch(tangle, f"a{head}")
    assert len(way) <= len(tangle)
    assert not way or way[-1].id == f"a{head}"


def test_the_head_of_an_unknown_id_has_no_branch() -> None:
    assert branch(entries(prompt("a")), "nowhere") == ()


def test_calls_that_are_not_json_are_answered_too() -> None:
    broken = ToolCall("c1", "bash", None, "{")
    assert conversation(entries(answer("", broken)))[1] == results(("c1", NOT_STARTED, False))


def compaction(cause: Literal["asked", "undone"], replaced: str, *texts: str) -> CompactionRecord:
    """Prompts in the place of what was before; or, undone, what was said after it."""
    messages = tuple(prompt(text).message for text in texts)
    return CompactionRecord(messages, replaced, Compacted(cause, 9, 5))


def compacted_session() -> list[Entry]:
    """One turn, a compaction, and a prompt after it."""
    return [
        *entries(SESSION, prompt("one"), answer("first")),
        Entry("c", "a0", 4.0, compaction("asked", "a2", "short")),
        Entry("d", "c", 5.0, prompt("two")),
    ]


def texts(messages: Sequence[Message]) -> list[str]:
    return [message.text for message in messages]


def test_after_a_compaction_the_model_is_told_what_it_left() -> None:
    assert texts(conversation(branch(compacted_session()))) == ["short", "two"]


def test_after_a_compaction_people_see_everything() -> None:
    seen = shown(timeline(compacted_session()))
    assert texts(seen.messages) == ["one", "first", "two"]
    assert {place: [each.cause for each in told] for place, told in seen.compactions.items()} == {
        2: ["asked"]
    }


def test_undoing_joins_what_was_before_and_what_was_said_since() -> None:
    lines = compacted_session()
    found = undoing(lines)
    assert found is not None
    assert texts(found.messages) == ["one", "first", "two"]
    lines.append(Entry("u", found.replaced, 6.0, compaction("undone", "d", "two")))
    assert texts(conversation(branch(lines))) == ["one", "first", "two"]
    assert texts(shown(timeline(lines)).messages) == ["one", "first", "two"]
    assert undoing(lines) is None


def test_compactions_are_undone_one_after_the_other() -> None:
    lines = compacted_session()
    lines.append(Entry("e", "a0", 6.0, compaction("asked", "d", "shorter")))
    assert texts(conversation(branch(lines))) == ["shorter"]
    last = undoing(lines)
    assert last is not None
    assert texts(last.messages) == ["short", "two"]
    lines.append(Entry("u", last.replaced, 7.0, compaction("undone", "e")))
    first = undoing(lines)
    assert first is not None
    assert texts(first.messages) == ["one", "first", "two"]


def test_a_compaction_that_cannot_be_read_leaves_the_whole_conversation() -> None:
    lines = [entry for entry in compacted_session() if entry.id != "c"]
    assert texts(conversation(branch(lines))) == ["one", "first", "two"]


def test_a_compaction_stands_alone_when_the_first_record_cannot_be_read() -> None:
    assert texts(conversation(branch(compacted_session()[1:]))) == ["short", "two"]


def test_what_a_compaction_replaced_must_be_readable_to_undo_it() -> None:
    assert undoing([entry for entry in compacted_session() if entry.id != "a2"]) is None
