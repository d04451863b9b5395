"""Records to lines and back."""

from __future__ import annotations

import json
import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.store.lines import DamagedLine, Entry, decode_line, encode_line, salvage
from koi.store.records import KnownRecord, UnknownRecord
from tests.store.samples import EVERY_KIND, prompt


def line_of(record: KnownRecord, number: int = 1) -> bytes:
    """A line without its newline."""
    return encode_line(Entry(f"ab{number}", None, 1.5, record))[:-1]


@pytest.mark.parametrize("record", EVERY_KIND, ids=lambda record: type(record).__name__)
def test_every_record_comes_back_exactly(record: KnownRecord) -> None:
    entry = Entry("ab2", "ab1", 1795202147.176, record)
    line = encode_line(entry)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_line(line[:-1]) == entry


@pytest.mark.parametrize("record", EVERY_KIND, ids=lambda record: type(record).__name__)
def test_a_line_is_json_that_begins_with_its_place_and_ends_with_its_checksum(
    record: KnownRecord,
) -> None:
    line = line_of(record)
    members = list(json.loads(line))
    assert members[:5] == ["v", "id", "parent", "ts", "kind"]
    assert members[-1] == "crc"
    assert len(members) == len(set(members)) == 6 + len(type(record).__struct_fields__)
    body, _, crc = line.rpartition(b',"crc":"')
    assert crc == b'%08x"}' % zlib.crc32(body)


@given(st.text(st.characters(codec=None)))
def test_any_text_comes_back_exactly(text: str) -> None:
    assert decode_line(line_of(prompt(text))).record == prompt(text)


@given(st.data())
def test_a_changed_byte_is_always_noticed(data: st.DataObject) -> None:
    line = bytearray(line_of(prompt("hello")))
    place = data.draw(st.integers(0, len(line) - 1))
    line[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DamagedLine):
        decode_line(bytes(line))


@given(st.binary())
def test_bytes_of_any_kind_are_damage_and_nothing_worse(data: bytes) -> None:
    with pytest.raises(DamagedLine):
        decode_line(data)


def with_crc(body: bytes) -> bytes:
    return body + b',"crc":"%08x"}' % zlib.crc32(body)


@pytest.mark.parametrize(
    "members",
    [b'"kind":"dream","x":1', b'"kind":"prompt","message":7', b'"kind":"mode"'],
)
def test_a_kind_or_shape_from_the_future_is_kept_as_unknown(members: bytes) -> None:
    line = with_crc(b'{"v":1,"id":"a1","parent":null,"ts":1.0,' + members)
    entry = decode_line(line)
    assert isinstance(entry.record, UnknownRecord)
    assert entry.record.line == line


def test_fields_from_the_future_do_not_hide_a_known_record() -> None:
    line = with_crc(b'{"v":1,"id":"a1","parent":null,"ts":1.0,"kind":"mode","mode":"ask","z":[]')
    assert msgspec.to_builtins(decode_line(line).record) == {"kind": "mode", "mode": "ask"}


def test_deep_nesting_with_a_right_checksum_is_no_crash() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    line = with_crc(b'{"v":1,"id":"a1","parent":null,"ts":1.0,"kind":"mode","mode":' + deep)
    with pytest.raises(DamagedLine):
        decode_line(line)


def test_records_glued_together_are_all_found() -> None:
    lines = [line_of(record, number) for number, record in enumerate(EVERY_KIND)]
    found = [entry.record for entry in salvage(b"\x00\x00".join(lines))]
    assert found == list(EVERY_KIND)


def test_a_record_after_a_torn_one_is_found() -> None:
    whole = line_of(EVERY_KIND[5])
    for cut in range(len(whole)):
        assert [e.record for e in salvage(whole[:cut] + line_of(prompt("x")))] == [prompt("x")]
