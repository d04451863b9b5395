"""Deltas are merged on their way to the screen; nothing else is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from koi.core.agent_events import AgentEvent, Streamed, ToolOutput, TurnStarted
from koi.core.provider_events import ReasoningDelta, TextDelta
from koi.tui.bridge import merged

_text = st.text(max_size=3)
_id = st.sampled_from(["a", "b"])
_event: st.SearchStrategy[AgentEvent] = st.one_of(
    st.builds(Streamed, _id, st.builds(TextDelta, _text)),
    st.builds(Streamed, _id, st.builds(ReasoningDelta, _text)),
    st.builds(ToolOutput, _id, _text),
    st.just(TurnStarted("t", "p")),
)


def letters(events: list[AgentEvent]) -> list[tuple[str, str]]:
    """Each character with the source it came from; other events as they are."""
    out: list[tuple[str, str]] = []
    for event in events:
        match event:
            case Streamed(source, TextDelta(text)):
                out += [(f"text {source}", letter) for letter in text]
            case Streamed(source, ReasoningDelta(text)):
                out += [(f"reasoning {source}", letter) for letter in text]
            case ToolOutput(source, text):
                out += [(f"output {source}", letter) for letter in text]
            case _:
                out.append(("event", repr(event)))
    return out


@given(st.lists(_event))
def test_merging_keeps_every_character_in_order(events: list[AgentEvent]) -> None:
    assert letters(list(merged(events))) == letters(events)


@given(st.lists(_event))
def test_no_two_neighbours_could_be_merged_again(events: list[AgentEvent]) -> None:
    once = list(merged(events))
    assert list(merged(once)) == once


def test_a_burst_of_one_source_becomes_one_event() -> None:
    burst: list[AgentEvent] = [Streamed("a", TextDelta(letter)) for letter in "hello"]
    assert list(merged(burst)) == [Streamed("a", TextDelta("hello"))]
