"""Compressed bodies are unpacked in small pieces, whoever compressed them and however they come."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.net.encodings import PIECE, unpacked
from tests.net.raw_server import RawServer, whole
from tests.net.test_client import failure, get


async def chunks(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def unpack(body: bytes, encoding: str, size: int = 1000) -> list[bytes]:
    return [piece async for piece in unpacked(chunks(body, size), encoding)]


@given(body=st.binary(max_size=2000), size=st.integers(1, 50), members=st.integers(1, 3))
async def test_the_body_is_what_was_compressed(body: bytes, size: int, members: int) -> None:
    assert b"".join(await unpack(gzip.compress(body) * members, "gzip", size)) == body * members
    assert b"".join(await unpack(zlib.compress(body), "deflate", size)) == body


async def test_a_small_body_that_holds_much_is_unpacked_in_small_pieces() -> None:
    pieces = await unpack(gzip.compress(bytes(20 * PIECE)), "gzip", 10**6)
    assert sum(map(len, pieces)) == 20 * PIECE
    assert max(map(len, pieces)) <= PIECE


@pytest.mark.parametrize(
    ("encoding", "body", "says"),
    [("br", b"anything", "encoding br"), ("gzip", b"no gzip at all", "damaged")],
)
async def test_what_cannot_be_unpacked_is_told(encoding: str, body: bytes, says: str) -> None:
    headers = f"content-encoding: {encoding}\r\n"
    async with RawServer([whole(body, headers=headers)]).running() as server:
        error = await failure(server.url)
    assert error.kind == "protocol"
    assert says in error.title


async def test_an_answer_that_is_compressed_without_being_asked_is_read() -> None:
    packed = whole(gzip.compress(b"hello"), headers="content-encoding: gzip\r\n")
    async with RawServer([packed]).running() as server:
        assert await get(server.url) == b"hello"
