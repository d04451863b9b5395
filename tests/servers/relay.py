"""A cable between koi and a server that a test can pull."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit


class Relay:
    """Passes connections on while it is plugged in; else they are closed unanswered."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname, parts.port)
        self._plugged = True
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    def plug(self, *, into_socket: bool) -> None:
        """Plug it in, or pull it: then what is open ends."""
        self._plugged = into_socket
        if not into_socket:
            for writer in self._open:
                writer.close()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Relay]:
        """Listen while the block runs."""
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            self.plug(into_socket=False)
            await asyncio.gather(*self._tasks)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        ends = [writer]
        if self._plugged:
            theirs, ours = await asyncio.open_connection(*self._target)
            ends.append(ours)
            self._open.update(ends)
            await asyncio.gather(_copy(reader, ours), _copy(theirs, writer))
        for end in ends:
            end.close()
            with contextlib.suppress(ConnectionError):
                await end.wait_closed()
        self._open.difference_update(ends)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
