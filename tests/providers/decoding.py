"""Reads bytes as an answer of a protocol without a network: framing and parser, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from koi.catalogue.rows import Protocol
from koi.core.errors import ProviderError
from koi.core.provider_events import ProviderEvent, StreamEnded
from koi.net.framing import StreamEvent
from koi.net.json_text import decode_object
from koi.providers.formats import wire_format
from koi.providers.wire.format import WireFormat
from koi.providers.wire.parser import StreamParser
from koi.providers.wire.request import WireOptions
from tests.providers.wire.streams import Outcome


def format_of(protocol: Protocol) -> WireFormat:
    """The format in which an unknown model is asked."""
    found = wire_format(protocol)
    return found if found.choice is None else found.choice.choose({}, "any-model")


def parser_of(protocol: Protocol) -> StreamParser:
    """A parser for one answer."""
    return format_of(protocol).parser(WireOptions("any"))


def framed(protocol: Protocol, chunks: Sequence[bytes]) -> list[StreamEvent] | None:
    """The messages of a streamed body, None for one JSON value. Raises ProviderError."""
    start = b"".join(chunks).removeprefix(b"\xef\xbb\xbf").lstrip()
    decoder = format_of(protocol).framing(start[:1])
    if decoder is None:
        return None
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + decoder.finish()


def parsed(protocol: Protocol, messages: Iterable[StreamEvent]) -> Outcome:
    """The answer that these messages make. Raises ProviderError."""
    parser = parser_of(protocol)
    events: list[ProviderEvent] = []
    for message in messages:
        events += parser.feed(message)
        if parser.done and not parser.ends_with_body:
            break
    return Outcome([*events, *parser.finish()])


def answer(protocol: Protocol, chunks: Sequence[bytes]) -> Outcome:
    """The answer in these bytes. Raises ProviderError."""
    messages = framed(protocol, chunks)
    if messages is not None:
        return parsed(protocol, messages)
    parser = parser_of(protocol)
    events = parser.whole(decode_object(b"".join(chunks)))
    return Outcome([*events, *parser.finish()])


def told(protocol: Protocol, chunks: Sequence[bytes]) -> tuple[object, ...]:
    """What a person and the agent would learn from these bytes; ids that koi makes left out."""
    try:
        outcome = answer(protocol, chunks)
    except ProviderError as error:
        return (error.kind, error.title)
    ended = outcome.ended
    calls = [(call.name, call.arguments, call.arguments_raw) for call in outcome.calls]
    return (outcome.text, outcome.reasoning, calls, outcome.usage, ended.finish_reason)


def consistent(outcome: Outcome) -> None:
    """What holds for every complete answer: one end, and calls that can be told apart."""
    assert [type(event) for event in outcome.events].count(StreamEnded) == 1
    identities = [call.id for call in outcome.calls]
    assert all(identities)
    assert len(set(identities)) == len(identities)
    assert {call.id for call in outcome.ready} <= set(identities)
