"""One JSON array that arrives piecemeal."""

from __future__ import annotations

import contextlib
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ProviderError
from koi.net.json_array import MAX_ELEMENT, JsonArrayDecoder

SCALARS = st.none() | st.booleans() | st.integers() | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
BLANKS = st.text(" \t\r\n", max_size=3)


def decode(*chunks: bytes) -> list[bytes]:
    decoder = JsonArrayDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return [event.data for event in [*events, *decoder.finish()]]


def test_an_element_is_given_out_as_soon_as_it_is_whole() -> None:
    decoder = JsonArrayDecoder()
    assert decoder.feed(b'[{"a": 1') == []
    assert decoder.feed(b"}\n") == []
    assert [event.data for event in decoder.feed(b',\r\n{"b"')] == [b'{"a": 1}']
    assert [event.data for event in decoder.feed(b": 2}]")] == [b'{"b": 2}']
    assert decoder.finish() == []


def test_brackets_commas_and_quotes_inside_strings_do_not_count() -> None:
    element = rb'{"a": "]},[{\" \\", "b": ["\\\"]", {}]}'
    assert decode(b"[", element, b",", element, b"]") == [element, element]


@given(st.lists(VALUES), BLANKS, st.booleans(), st.data())
def test_the_elements_are_the_same_for_every_chunking(
    values: list[object], blank: str, ascii_only: bool, data: st.DataObject
) -> None:
    joined = f"{blank},{blank}".join(json.dumps(value, ensure_ascii=ascii_only) for value in values)
    body = f"{blank}[{blank}{joined}{blank}]{blank}".encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=12)))
    pieces = [body[start:end] for start, end in itertools.pairwise([0, *cuts, len(body)])]
    expected = [json.loads(json.dumps(value)) for value in values]
    assert [json.loads(event) for event in decode(body)] == expected
    assert decode(*pieces) == decode(body) == decode(*(bytes([byte]) for byte in body))


@given(st.lists(st.binary(max_size=20)))
def test_any_bytes_are_elements_or_an_error(chunks: list[bytes]) -> None:
    with contextlib.suppress(ProviderError):
        decode(b"[", *chunks)


def test_a_byte_order_mark_may_come_first_in_pieces() -> None:
    assert decode(b"\xef", b"\xbb", b"\xbf ", b" [1", b",2]") == [b"1", b"2"]


@pytest.mark.parametrize("body", [b"[]", b"[ \n]", b""])
def test_an_empty_array_has_no_elements(body: bytes) -> None:
    assert decode(body) == []


@pytest.mark.parametrize("body", [b"[", b'[{"a": 1}', b'[{"a": 1},', b'["a]'])
def test_an_array_that_is_not_closed_was_cut_off(body: bytes) -> None:
    with pytest.raises(ProviderError, match="cut off") as caught:
        decode(body)
    assert caught.value.kind == "network"


@pytest.mark.parametrize("body", [b'{"a": 1}', b"[1] [2]", b"[1]x"])
def test_what_is_not_one_array_is_refused(body: bytes) -> None:
    with pytest.raises(ProviderError, match="not one JSON array"):
        decode(body)


def test_an_element_without_end_does_not_fill_the_memory() -> None:
    decoder = JsonArrayDecoder()
    decoder.feed(b'["')
    decoder.feed(b"x" * (MAX_ELEMENT - 1))
    with pytest.raises(ProviderError, match="16 MiB") as caught:
        decoder.feed(b"x")
    assert caught.value.kind == "protocol"
