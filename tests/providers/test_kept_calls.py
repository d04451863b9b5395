"""Answers that break off anywhere: of their calls, only those that are surely complete are kept."""

from __future__ import annotations

import msgspec
import pytest

from koi.catalogue.rows import Protocol
from koi.core.errors import ProviderError
from koi.core.messages import Part, ToolCall
from koi.core.provider_events import StreamEnded
from koi.net.framing import StreamEvent
from tests.providers.decoding import framed, parsed, parser_of
from tests.providers.recordings import Recording, more_recordings, own_recordings


def complete(recording: Recording) -> tuple[list[StreamEvent], StreamEnded] | None:
    """The messages of a streamed answer, and its end; None for a recorded failure."""
    try:
        messages = framed(recording.koi_protocol, [recording.body])
        return (
            None if messages is None else (messages, parsed(recording.koi_protocol, messages).ended)
        )
    except ProviderError:
        return None


FOUND: list[tuple[str, Protocol, list[StreamEvent], StreamEnded]] = [
    (recording.id, recording.koi_protocol, *found)
    for recording in (*own_recordings(), *more_recordings())
    if recording.streamed and (found := complete(recording)) is not None
]
STREAMS = [pytest.param(*found, id=name) for name, *found in FOUND]


def without_ids(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts as they are equal in two readings: ids that koi makes are left out."""
    return tuple(
        msgspec.structs.replace(part, id="") if isinstance(part, ToolCall) else part
        for part in parts
    )


def kept_after(protocol: Protocol, messages: list[StreamEvent]) -> tuple[Part, ...]:
    """What is kept when nothing follows these messages."""
    parser = parser_of(protocol)
    for message in messages:
        parser.feed(message)
    return () if parser.done and not parser.ends_with_body else parser.kept()


def cuts(messages: list[StreamEvent]) -> list[int]:
    """Places to cut: all of a short answer, some of a long one, and always the last ones."""
    step = max(1, len(messages) // 40)
    return [*range(0, len(messages), step), *range(max(0, len(messages) - 8), len(messages))]


@pytest.mark.parametrize(("protocol", "messages", "ended"), STREAMS)
def test_what_is_kept_of_a_cut_answer_is_the_beginning_of_the_whole_one(
    protocol: Protocol, messages: list[StreamEvent], ended: StreamEnded
) -> None:
    for cut in cuts(messages):
        kept = without_ids(kept_after(protocol, messages[:cut]))
        assert kept == without_ids(ended.parts)[: len(kept)]
        assert not kept or isinstance(kept[-1], ToolCall)
        assert not kept or ended.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    "protocol",
    ["anthropic", "bedrock", "gemini", "ollama", "openai-chat", "openai-responses"],
)
def test_every_protocol_keeps_a_call_that_was_complete(protocol: Protocol) -> None:
    answers = [messages for _, its, messages, _ in FOUND if its == protocol]
    assert any(
        kept_after(protocol, messages[:cut]) for messages in answers for cut in cuts(messages)
    )
