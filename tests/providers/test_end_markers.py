"""A stream is complete when its own end was seen; before that, its end is a cut answer."""

from __future__ import annotations

import pytest

from koi.core.errors import ProviderError
from tests.providers.decoding import answer
from tests.servers.answers import Answer, Call, Mark
from tests.servers.fault_server.faults import Format
from tests.servers.fault_server.wires import WIRES

FULL = Answer(text="Hello.", reasoning="Hm.", calls=(Call("ls", {"path": "x"}, "call_1"),))
COMPLETE_WITH: dict[Format, Mark] = {
    "openai-chat": "finish",
    "copilot": "finish",
    "openai-responses": "end",
    "anthropic": "end",
    "gemini": "usage",
    "bedrock": "finish",
    "ollama": "end",
}
"""The event with which the answer of a wire format is complete."""


def events(wire: Format) -> list[tuple[Mark, bytes]]:
    return list(WIRES[wire].events("any-model", FULL))


def first_complete(wire: Format) -> int:
    """How many events make a complete answer."""
    marks = [mark for mark, _ in events(wire)]
    return marks.index(COMPLETE_WITH[wire]) + 1


@pytest.mark.parametrize("wire", COMPLETE_WITH)
def test_every_wire_format_has_a_row(wire: Format) -> None:
    assert set(COMPLETE_WITH) == set(WIRES)
    assert answer(wire, [b"".join(each for _, each in events(wire))]).text == "Hello."


@pytest.mark.parametrize(
    ("wire", "count"),
    [(wire, count) for wire in COMPLETE_WITH for count in range(len(events(wire)) + 1)],
)
def test_an_answer_ends_with_its_marker_and_not_before(wire: Format, count: int) -> None:
    received = b"".join(each for _, each in events(wire)[:count])
    if count >= first_complete(wire):
        assert answer(wire, [received]).ended.finish_reason == "tool_calls"
        return
    with pytest.raises(ProviderError, match="cut off") as caught:
        answer(wire, [received])
    assert caught.value.kind == "network"


@pytest.mark.parametrize("wire", COMPLETE_WITH)
def test_a_marker_that_is_cut_itself_is_none(wire: Format) -> None:
    parts = [each for _, each in events(wire)[: first_complete(wire)]]
    whole, marker = b"".join(parts[:-1]), parts[-1]
    for length in range(0, len(marker) - 4, 7):
        with pytest.raises(ProviderError):
            answer(wire, [whole + marker[:length]])
