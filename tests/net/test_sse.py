"""Server-sent events come out the same however the bytes were cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ProviderError
from koi.net import sse
from koi.net.framing import StreamEvent
from koi.net.sse import SseDecoder

FIELDS = st.sampled_from(
    [
        b"data: {}",
        b"data:x",
        b"data",
        b"data:  two spaces",
        b"event: error",
        b"event:named",
        b"event",
        b": comment",
        b":",
        b"id: 1",
        b"retry: 5",
        b"odd",
        b"",
        b"",
        "data: übergroß 漢字 🚀 \u2028 \x85 \x0b".encode(),
        b"\xff\xfe",
    ]
)
ENDINGS = st.sampled_from([b"\n", b"\r", b"\r\n"])


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    lines = draw(st.lists(st.tuples(FIELDS, ENDINGS), max_size=25))
    start = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    end = draw(st.sampled_from([b"", b"\n\n", b"data: last"]))
    return start + b"".join(itertools.chain.from_iterable(lines)) + end


@st.composite
def chunked_streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    stream = draw(streams())
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=30)))
    edges = [0, *cuts, len(stream)]
    return stream, [stream[start:end] for start, end in itertools.pairwise(edges)]


def decode(*chunks: bytes) -> list[StreamEvent]:
    decoder = SseDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + decoder.finish()


def read_slowly(stream: bytes) -> list[StreamEvent]:
    """The standard's algorithm, line by line, over the whole stream."""
    text = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    events, name, data = [], b"", list[bytes]()
    for line in [*text.split(b"\n"), b""]:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if data:
                events.append(StreamEvent(name.decode("utf-8", "replace"), b"\n".join(data)))
            name, data = b"", []
        elif field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    return events


@given(chunked_streams())
def test_any_chunking_gives_the_events_of_the_standard(case: tuple[bytes, list[bytes]]) -> None:
    stream, chunks = case
    assert decode(*chunks) == read_slowly(stream)


@given(streams())
def test_single_bytes_give_the_events_of_the_standard(stream: bytes) -> None:
    assert decode(*(stream[i : i + 1] for i in range(len(stream)))) == read_slowly(stream)


def test_an_event_comes_with_the_chunk_that_ends_it() -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: a\n") == []
    assert decoder.feed(b"\nda") == [StreamEvent("", b"a")]


def test_a_lone_carriage_return_ends_a_line_at_once() -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: a\r\r") == [StreamEvent("", b"a")]
    assert decoder.feed(b"\ndata: b\n\n") == [StreamEvent("", b"b")]


def test_comments_are_no_events() -> None:
    assert decode(b": OPENROUTER PROCESSING\n\n: again\n\n") == []


def test_separators_of_other_standards_stay_inside_a_line() -> None:
    said = "data: a\u2028b\x85c\x0bd\x0ce".encode()
    assert decode(said + b"\n\n") == [StreamEvent("", said[6:])]


@pytest.mark.parametrize("size", [1000, 100_000])
def test_a_line_past_the_limit_is_refused(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_LINE", 300_000)
    chunk = b"x" * size
    with pytest.raises(ProviderError, match="a line of more than") as caught:
        decode(b"data: ", *[chunk] * (400_000 // size))
    assert caught.value.kind == "protocol"


def test_a_long_line_in_one_chunk_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_LINE", 1000)
    with pytest.raises(ProviderError, match="a line of more than"):
        decode(b"data: " + b"x" * 2000 + b"\n\n")


def test_an_event_past_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT", 1000)
    with pytest.raises(ProviderError, match="an event of more than"):
        decode(*[b"data: " + b"x" * 100 + b"\n"] * 20)
