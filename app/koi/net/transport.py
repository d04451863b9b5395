"""Connections whose addresses were looked at before anything is connected to or sent.

Imported with the first request only, as the libraries it stands on are slow to load.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Sequence,
)
from typing import TypeAlias

import httpcore
import httpx

from koi.net.policy import NetworkPolicy

STAGGER_S = 0.25
"""Seconds until the next address is tried beside one that has not answered (RFC 8305)."""
_SocketOption: TypeAlias = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)
_Connect: TypeAlias = Callable[[str], Coroutine[object, object, httpcore.AsyncNetworkStream]]


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Looks a name up once, has its addresses checked, and connects to exactly these.

    So a name server that says something else the next time changes nothing. Hosts whose addresses
    are the person's business are left to the system. `policy` gives the policy of now.
    """

    def __init__(self, policy: Callable[[], NetworkPolicy]) -> None:
        self._policy = policy
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's interface
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address that takes one.

        Raises ProviderError (network_policy) when the host's addresses are not allowed.
        """

        async def connect(address: str) -> httpcore.AsyncNetworkStream:
            return await self._inner.connect_tcp(address, port, None, local_address, socket_options)

        try:
            async with asyncio.timeout(timeout):
                if self._policy().may_be_private(host):
                    return await connect(host)
                addresses = await _addresses(host, port)
                self._policy().check_addresses(host, addresses)
                return await _first(connect, addresses)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error


class CheckedTransport(httpx.AsyncBaseTransport):
    """A pool of direct connections that a `CheckedBackend` opens."""

    def __init__(
        self, backend: CheckedBackend, context: ssl.SSLContext, keepalive_s: float
    ) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=keepalive_s,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange. Raises as httpx's own transport."""
        url = request.url
        assert isinstance(request.stream, httpx.AsyncByteStream)
        core = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_httpx():
            response = await self._pool.handle_async_request(core)
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            assert isinstance(self._response.stream, AsyncIterable)
            async for part in self._response.stream:
                yield part

    async def aclose(self) -> None:
        await self._response.aclose()


@contextlib.contextmanager
def _as_httpx() -> Iterator[None]:
    """Errors of the lower library under the names of the upper one, which are the same."""
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
    ) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error


async def _addresses(host: str, port: int) -> tuple[str, ...]:
    """The addresses of a host in the order to try them: the two families take turns."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    all_of_them = dict.fromkeys((family, str(place[0])) for family, _, _, _, place in found)
    first = next(iter(all_of_them), (0, ""))[0]
    one = [address for family, address in all_of_them if family == first]
    other = [address for family, address in all_of_them if family != first]
    turns = [each for pair in zip(one, other, strict=False) for each in pair]
    return (*turns, *one[len(other) :], *other[len(one) :])


async def _first(connect: _Connect, addresses: Sequence[str]) -> httpcore.AsyncNetworkStream:
    """The first connection that stands; each address gets a start before the next one.

    Raises what the first address failed with when none takes a connection.
    """
    if len(addresses) == 1:
        return await connect(addresses[0])
    running: set[asyncio.Task[httpcore.AsyncNetworkStream]] = set()
    failures: list[Exception] = []
    waiting = list(addresses)
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.ensure_future(connect(waiting.pop(0))))
            patience = STAGGER_S if waiting else None
            done, running = await asyncio.wait(
                running, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            stood = [task for task in done if task.exception() is None]
            failures += [error for task in done if isinstance(error := task.exception(), Exception)]
            if stood:
                running.update(stood[1:])
                return stood[0].result()
    finally:
        await _close(running)
    raise failures[0] if failures else httpcore.ConnectError("no address")


async def _close(tasks: set[asyncio.Task[httpcore.AsyncNetworkStream]]) -> None:
    """End connections that are not needed, also those that stand already."""
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, httpcore.AsyncNetworkStream):
            await result.aclose()
