"""JSON of strangers."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ProviderError
from koi.net.json_text import decode_json, decode_object, encode_json


def test_lone_surrogates_are_replaced_and_pairs_are_kept() -> None:
    assert decode_json(rb'{"a": "x\ud800y \ud83d\ude80"}') == {"a": "x\ufffdy 🚀"}


def test_bad_utf8_is_replaced() -> None:
    assert decode_json(b'{"a": "x\xff"}') == {"a": "x\ufffd"}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"nope", b"[" * 100_000, b"9" * 5000 + b"x", b'{"a": }']
)
def test_what_is_no_json_is_an_error_of_the_protocol(body: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        decode_json(body)
    assert caught.value.kind == "protocol"


def test_an_object_is_wanted_where_one_belongs() -> None:
    with pytest.raises(ProviderError, match="not an object"):
        decode_object(b"[]")


def test_surrogates_of_file_names_do_not_stop_a_request() -> None:
    assert json.loads(encode_json({"a": "x\udcff", "b": 1})) == {"a": "x\ufffd", "b": 1}


@given(st.binary(max_size=300))
def test_bytes_decode_or_fail_cleanly(body: bytes) -> None:
    with contextlib.suppress(ProviderError):
        encode_json(decode_json(body))
