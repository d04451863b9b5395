"""JSON lines are the same for every way in which the network cuts them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ProviderError
from koi.net import ndjson
from koi.net.ndjson import NdjsonDecoder


def decoded(*chunks: bytes) -> list[bytes]:
    decoder = NdjsonDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    events += decoder.finish()
    assert {event.name for event in events} <= {""}
    return [event.data for event in events]


def test_a_line_is_an_event() -> None:
    assert decoded(b'{"a":1}\n{"b":2}\n') == [b'{"a":1}', b'{"b":2}']


def test_lines_may_end_with_a_carriage_return() -> None:
    assert decoded(b'{"a":1}\r', b'\n{"b":2}\r\n') == [b'{"a":1}', b'{"b":2}']


def test_blank_lines_and_a_byte_order_mark_are_nothing() -> None:
    assert decoded(b'\xef\xbb\xbf{"a":1}\n\n  \r\n', b"\n") == [b'{"a":1}']


def test_the_last_line_needs_no_end() -> None:
    assert decoded(b'{"a":1}\n{"b', b'":2}') == [b'{"a":1}', b'{"b":2}']


def test_a_last_line_that_was_cut_off_is_dropped() -> None:
    assert decoded(b'{"a":1}\n{"b":{"c":2}') == [b'{"a":1}']


@pytest.mark.parametrize("line", [b"{malformed", b"<html>", b'{"a":}'])
def test_a_last_line_that_was_never_json_is_for_the_parser_to_judge(line: bytes) -> None:
    assert decoded(line) == [line]


@given(st.data())
def test_every_beginning_of_a_line_counts_as_cut_off(data: st.DataObject) -> None:
    line = '{"a":[1,"é\\u00e9",{"b":null}]}'.encode()
    assert decoded(line[: data.draw(st.integers(0, len(line) - 1))]) == []


def test_only_line_feeds_end_lines() -> None:
    line = json.dumps({"a": "x\u2028y\u0085z"}, ensure_ascii=False).encode()
    assert decoded(line + b"\n") == [line]


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_without_end_is_an_error_and_not_a_full_memory(
    monkeypatch: pytest.MonkeyPatch, end: bytes
) -> None:
    monkeypatch.setattr(ndjson, "MAX_LINE", 100)
    with pytest.raises(ProviderError, match="a line of more than"):
        decoded(b"x" * 60, b"x" * 60 + end)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=5,
)


@given(
    st.lists(st.dictionaries(st.text(), values), max_size=6),
    st.sampled_from([b"\n", b"\r\n"]),
    st.booleans(),
    st.data(),
)
def test_every_chunking_gives_the_same_lines(
    objects: list[dict[str, object]], end: bytes, ended: bool, data: st.DataObject
) -> None:
    lines = [json.dumps(value, ensure_ascii=False).encode() for value in objects]
    body = end.join(lines) + (end if ended else b"")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    chunks = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert decoded(*chunks) == lines
    assert decoded(*(body[i : i + 1] for i in range(len(body)))) == lines


@given(st.lists(st.binary(max_size=40)))
def test_no_bytes_break_it(chunks: list[bytes]) -> None:
    decoded(*chunks)
