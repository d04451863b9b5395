"""What holds for every decoder of a streamed body, whatever a server sends."""

from __future__ import annotations

import contextlib
import itertools
import tracemalloc
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ProviderError
from koi.net import event_stream, json_array, ndjson, sse
from koi.net.event_stream import EventStreamDecoder
from koi.net.framing import Framing, StreamEvent
from koi.net.json_array import JsonArrayDecoder
from koi.net.ndjson import NdjsonDecoder
from koi.net.sse import SseDecoder
from tests.net.event_stream_bytes import event, frame

DECODERS: list[Callable[[], Framing]] = [
    SseDecoder,
    NdjsonDecoder,
    JsonArrayDecoder,
    EventStreamDecoder,
]
EVERY = pytest.mark.parametrize("decoder", DECODERS)
LIMIT = 20_000
SOME = st.sampled_from(
    [
        *(
            b"\n",
            b"\r",
            b"\r\n",
            b"\n\n",
            b"data: ",
            b"event: x",
            b":",
            b"\xef\xbb\xbf",
            b"[",
            b"]",
        ),
        *(b"{", b"}", b",", b'"', b"\\", b'{"a":1}', b" ", b"\xe2\x80\xa8", b"\xff", b"null", b""),
        *(event("messageStop", b"{}"), event("a", b"")[:-1], frame(b"\x01", b"x")),
    ]
)
BODIES = st.lists(SOME | st.binary(max_size=4), max_size=30).map(b"".join)


def outcome(
    decoder: Callable[[], Framing], chunks: Iterable[bytes]
) -> tuple[list[StreamEvent], str]:
    """The events, and the kind of the error that ended them, if one did."""
    decoding, events = decoder(), list[StreamEvent]()
    try:
        for chunk in chunks:
            events += decoding.feed(chunk)
        events += decoding.finish()
    except ProviderError as error:
        return events, error.kind
    return events, ""


@EVERY
@given(BODIES, st.data())
def test_any_bytes_are_events_or_an_error_in_whatever_pieces(
    decoder: Callable[[], Framing], body: bytes, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=20)))
    pieces = [body[start:end] for start, end in itertools.pairwise([0, *cuts, len(body)])]
    single = [body[at : at + 1] for at in range(len(body))]
    events, failure = outcome(decoder, [body])
    for chunks in (pieces, single):
        found, failed = outcome(decoder, chunks)
        assert failed == failure
        # What was whole before the fault may come out earlier when it came earlier.
        assert found == events if not failure else found[: len(events)] == events


@pytest.mark.parametrize(
    ("decoder", "first", "then"),
    [
        (SseDecoder, b"data: ", b"x"),
        (SseDecoder, b"", b"data:xy\n"),
        (SseDecoder, b"", b"data\n"),
        (SseDecoder, b"", b": comment\n"),
        (SseDecoder, b"", b"event: named\n"),
        (NdjsonDecoder, b"", b'{"a'),
        (NdjsonDecoder, b"", b" "),
        (NdjsonDecoder, b"", b"\n"),
        (JsonArrayDecoder, b'["', b"xy"),
        (JsonArrayDecoder, b"[", b"["),
        (JsonArrayDecoder, b"[", b" "),
        (JsonArrayDecoder, b"", b" "),
        (JsonArrayDecoder, b"[", b",,"),
    ],
)
@pytest.mark.parametrize("times", [1, 1000])
def test_memory_stays_bounded_however_long_it_goes_on(
    decoder: Callable[[], Framing],
    first: bytes,
    then: bytes,
    times: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sse, "MAX_LINE", LIMIT)
    monkeypatch.setattr(sse, "MAX_EVENT", LIMIT)
    monkeypatch.setattr(ndjson, "MAX_LINE", LIMIT)
    monkeypatch.setattr(json_array, "MAX_ELEMENT", LIMIT)
    chunk, fed = then * times, 3 * LIMIT
    assert peak_of(decoder(), [first], itertools.repeat(chunk, fed // len(chunk))) < 12 * LIMIT


def test_a_message_that_never_comes_takes_no_more_than_what_came() -> None:
    """The length of a message is known before it comes: nothing is set aside for it."""
    size = event_stream.MAX_PAYLOAD
    begin = frame(b"", b"x" * size)[:12]
    assert peak_of(EventStreamDecoder(), [begin], [b"x" * 1000] * 1000) < 4_000_000


def peak_of(decoder: Framing, *bodies: Iterable[bytes]) -> int:
    """The most bytes that reading needs at once, until its end or its error."""
    tracemalloc.start()
    try:
        with contextlib.suppress(ProviderError):
            for chunk in itertools.chain(*bodies):
                decoder.feed(chunk)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
