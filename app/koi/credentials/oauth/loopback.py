"""Waits on this machine for one answer of a browser. It serves nothing else, and logs nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Self

from koi.credentials.oauth.callback import LONGEST

HOST = "127.0.0.1"
"""Never localhost: that may be another address, or another program."""
_HEAD_S = 10.0
_MOST = 16
_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>koi</title>"
    "<p style='font: 1.2em sans-serif; margin: 3em'>{}</p></html>"
)
_RECEIVED = "koi has received the answer. You can close this window and go back to koi."
_OTHER = "This is not the answer that koi waits for. Nothing was done with it."
_STATUS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}


class Loopback:
    """A port of its own for one login. `accept` says whether a query is the answer."""

    def __init__(self, path: str, accept: Callable[[str], bool]) -> None:
        self._path = path
        self._accept = accept
        self._server: asyncio.Server | None = None
        self._done = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._host = ""

    @property
    def url(self) -> str:
        """Where the browser is sent."""
        return f"http://{self._host}{self._path}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, HOST, 0, limit=2 * LONGEST)
        self._host = f"{HOST}:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        if self._done:  # let the page arrive
            await asyncio.wait(self._tasks, timeout=1.0) if self._tasks else None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection has a task"
        if len(self._tasks) >= _MOST:
            writer.close()
            return
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, ValueError):
                async with asyncio.timeout(_HEAD_S):
                    head = await reader.readuntil(b"\r\n\r\n")
                    status, text = self._answer(head)
                    writer.write(_response(status, text))
                    await writer.drain()
        except asyncio.LimitOverrunError:
            writer.write(_response(400, _OTHER))
        finally:
            self._tasks.discard(task)
            writer.close()

    def _answer(self, head: bytes) -> tuple[int, str]:
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        hosts = [line.partition(":")[2] for line in lines[1:] if line.lower().startswith("host:")]
        path, _, query = target.partition("?")
        if [host.strip() for host in hosts] != [self._host] or path != self._path:
            return 404, _OTHER
        if method != "GET":
            return 405, _OTHER
        if self._done or not self._accept(query):
            return 400, _OTHER
        self._done = True
        return 200, _RECEIVED


def _response(status: int, text: str) -> bytes:
    body = _PAGE.format(text).encode()
    return (
        f"HTTP/1.1 {status} {_STATUS[status]}\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
        "Connection: close\r\n\r\n"
    ).encode("ascii") + body
