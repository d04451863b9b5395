"""Bodies that a server compressed although nobody asked for it, unpacked in pieces of bounded size.

A few kilobytes can hold gigabytes, so that a chunk is never unpacked at once.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from koi.core.errors import ProviderError

PIECE = 256 * 1024
_ZLIB_OR_GZIP = 32 + zlib.MAX_WBITS


async def unpacked(chunks: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """The body in pieces of at most PIECE bytes. `encoding` is the header Content-Encoding.

    Raises ProviderError (protocol) for an encoding that koi does not know, and for damage.
    """
    if encoding.lower() not in ("gzip", "x-gzip", "deflate"):
        raise _unreadable(f"in the encoding {encoding}, which koi did not ask for")
    unpacker = zlib.decompressobj(_ZLIB_OR_GZIP)
    async for chunk in chunks:
        packed, more = chunk, True
        while more:
            try:
                piece = unpacker.decompress(packed, PIECE)
            except zlib.error as error:
                raise _unreadable("compressed, and damaged") from error
            packed = unpacker.unconsumed_tail
            if unpacker.eof and unpacker.unused_data:
                packed = unpacker.unused_data
                unpacker = zlib.decompressobj(_ZLIB_OR_GZIP)
            more = bool(piece or packed)
            if piece:
                yield piece


def _unreadable(how: str) -> ProviderError:
    return ProviderError(
        f"The server's answer is {how}",
        kind="protocol",
        hint="Ask again; if it stays so, look for a proxy on the way.",
    )
