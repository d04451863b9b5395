"""A server on loopback that answers with exact bytes, for faults no HTTP library would make."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence


class RawServer:
    """Sends `pieces` with `pause_s` between them, then closes; `hang` keeps it open instead."""

    def __init__(self, pieces: Sequence[bytes], *, pause_s: float = 0, hang: bool = False) -> None:
        self.pieces = pieces
        self.pause_s = pause_s
        self.hang = hang
        self.heads: list[bytes] = []
        self.asked = asyncio.Event()
        self.connections = 0
        self.url = ""
        self._stop = asyncio.Event()
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection; keeps it for more requests unless the pieces say otherwise."""
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                self.asked.set()
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        await reader.readexactly(int(line.partition(b":")[2]))
                for piece in self.pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(self.pause_s)
                if self.hang:
                    await self._stop.wait()
                if b"connection: close" in b"".join(self.pieces).lower() or self.hang:
                    break
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[RawServer]:
        """Serve while the block runs."""
        server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            self._stop.set()
            server.close()
            for writer in self._open.values():
                writer.close()
            await asyncio.gather(*self._open)
            await server.wait_closed()


def whole(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    """An answer with a length."""
    head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)


def chunk(body: bytes) -> bytes:
    """One HTTP chunk; empty: the last."""
    return b"%x\r\n%s\r\n" % (len(body), body)
