"""AWS event streams, decoded the same for every chunking, and never past a wrong checksum."""

from __future__ import annotations

import random
import struct
import zlib
from typing import cast
from uuid import UUID

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ProviderError
from koi.net.event_stream import MAX_HEADERS, MAX_PAYLOAD, EventStreamDecoder, read_headers
from koi.net.framing import StreamEvent
from tests.net.event_stream_bytes import Value, event, frame, header, message

HEADER_VALUES = st.one_of(
    st.just((0, True)),
    st.just((1, False)),
    st.tuples(st.just(2), st.integers(-(2**7), 2**7 - 1)),
    st.tuples(st.just(3), st.integers(-(2**15), 2**15 - 1)),
    st.tuples(st.just(4), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just(5), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just(6), st.binary(max_size=40)),
    st.tuples(st.just(7), st.text(max_size=40)),
    st.tuples(st.just(8), st.integers(0, 2**41)),
    st.tuples(st.just(9), st.uuids()),
)
HEADERS = st.dictionaries(
    st.sampled_from([":event-type", ":message-type", ":exception-type", "a", "b", "ü"]),
    HEADER_VALUES,
)
MESSAGES = st.lists(st.builds(message, HEADERS, st.binary(max_size=200)), max_size=8)


def decode(chunks: list[bytes]) -> list[StreamEvent]:
    decoder = EventStreamDecoder()
    events = [found for chunk in chunks for found in decoder.feed(chunk)]
    return events + decoder.finish()


def pieces(data: bytes, seed: int) -> list[bytes]:
    rng, cut, position = random.Random(seed), [], 0
    while position < len(data):
        size = rng.randrange(0, 30)
        cut.append(data[position : position + size])
        position += size
    return cut


def failure(data: bytes) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        decode([data])
    return caught.value


def test_an_event_has_its_type_and_its_payload() -> None:
    assert decode([event("messageStop", b'{"a":1}')]) == [StreamEvent("messageStop", b'{"a":1}')]


def test_an_exception_is_named_so() -> None:
    found = decode([event("throttlingException", b'{"message":"slow"}', "exception")])
    assert found == [StreamEvent("exception:throttlingException", b'{"message":"slow"}')]


def test_an_error_carries_its_message_in_headers() -> None:
    headers: dict[str, tuple[int, Value]] = {
        ":message-type": (7, "error"),
        ":error-code": (7, "InternalError"),
        ":error-message": (7, 'out of "luck"'),
    }
    (found,) = decode([message(headers)])
    assert found == StreamEvent("exception:InternalError", rb'{"message":"out of \"luck\""}')


def test_a_message_without_headers_is_an_event_without_a_name() -> None:
    assert decode([message({}, b"x")]) == [StreamEvent("", b"x")]


def test_headers_of_all_types_are_read() -> None:
    values: list[tuple[int, Value]] = [
        (0, True),
        (1, False),
        (2, -3),
        (3, -300),
        (4, -70000),
        (5, -(2**40)),
        (6, b"\x00\xff"),
        (7, "naïve"),
        (8, 1_700_000_000_000),
        (9, UUID(int=7)),
    ]
    block = b"".join(header(f"h{kind}", kind, value) for kind, value in values)
    plain = {f"h{kind}": value for kind, value in values[:-1]}
    assert read_headers(block) == {**plain, "h9": UUID(int=7).bytes}


@given(MESSAGES, st.integers(0, 1000))
def test_chunks_do_not_matter(messages: list[bytes], seed: int) -> None:
    whole = b"".join(messages)
    wanted = decode([whole])
    assert len(wanted) == len(messages)
    assert decode([whole[at : at + 1] for at in range(len(whole))]) == wanted
    assert decode(pieces(whole, seed)) == wanted


@given(MESSAGES)
def test_agrees_with_botocore(messages: list[bytes]) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join(messages))
    theirs = list(buffer)
    ours = decode([b"".join(messages)])
    for data, found, other in zip(messages, ours, theirs, strict=True):
        size = struct.unpack_from("!I", data, 4)[0]
        headers = cast(dict[str, object], other.headers)
        assert read_headers(data[12 : 12 + size]) == headers
        if headers.get(":message-type") != "error":
            assert found.data == other.payload


@given(MESSAGES, st.data())
def test_one_wrong_byte_is_never_an_answer(messages: list[bytes], data: st.DataObject) -> None:
    whole = bytearray(b"".join(messages) + event("messageStop", b"{}"))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    assert failure(bytes(whole)).kind in ("protocol", "network")


@given(st.binary(max_size=400))
def test_anything_else_is_refused(data: bytes) -> None:
    if data:
        assert failure(data).kind in ("protocol", "network")


@given(st.binary(max_size=60))
def test_headers_of_garbage_are_refused_or_read(block: bytes) -> None:
    kinds = set[str]()
    try:
        decode([frame(block, b"")])
    except ProviderError as error:
        kinds.add(error.kind)
    assert kinds <= {"protocol"}


def test_what_came_before_a_damaged_message_is_kept() -> None:
    damaged = bytearray(event("b", b"{}"))
    damaged[-6] ^= 1
    decoder = EventStreamDecoder()
    assert decoder.feed(event("a", b"{}") + damaged) == [StreamEvent("a", b"{}")]
    with pytest.raises(ProviderError, match="checksum"):
        decoder.finish()
    with pytest.raises(ProviderError, match="checksum"):
        decoder.feed(event("c", b"{}"))


def test_a_wrong_prelude_is_found_before_its_length_is_believed() -> None:
    decoder = EventStreamDecoder()
    with pytest.raises(ProviderError, match="beginning"):
        decoder.feed(struct.pack("!III", 1000, 10, 1))


@pytest.mark.parametrize(
    ("total", "headers"),
    [
        (0, 0),
        (15, 0),
        (16, 1),
        (MAX_HEADERS + 17, MAX_HEADERS + 1),
        (MAX_PAYLOAD + 17, 0),
        (2**32 - 1, 0),
    ],
)
def test_impossible_lengths_are_refused_at_once(total: int, headers: int) -> None:
    lengths = struct.pack("!II", total, headers)
    decoder = EventStreamDecoder()
    with pytest.raises(ProviderError) as caught:
        decoder.feed(lengths + struct.pack("!I", zlib.crc32(lengths)))
    assert caught.value.kind == "protocol"


def test_half_a_message_at_the_end_is_a_cut_answer() -> None:
    error = failure(event("a", b"{}") + event("b", b"{}")[:-1])
    assert error.kind == "network"


def test_a_header_twice_is_refused() -> None:
    block = header("a", 0, True) * 2
    assert failure(frame(block, b"")).title.endswith("twice")
