"""The HTTP client: policy, time, size, and faults below HTTP. Real sockets on loopback."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Awaitable

import pytest

from koi import __version__
from koi.core.errors import ProviderError
from koi.core.sending import has_left
from koi.net.client import HttpClient
from koi.net.policy import NetworkPolicy
from koi.net.timeouts import Timeouts
from tests.net.raw_server import STREAM_HEAD, RawServer, chunk, whole
from tests.servers.fault_server import ports

LOOPBACK = NetworkPolicy("test", {"127.0.0.1": "catalogue"})


async def get(
    url: str, timeouts: Timeouts | None = None, headers: dict[str, str] | None = None
) -> bytes:
    client = HttpClient(LOOPBACK, timeouts or Timeouts())
    try:
        async with client.request("GET", url, headers=headers or {}) as answer:
            return await answer.read()
    finally:
        await client.aclose()


async def failure(
    url: str, timeouts: Timeouts | None = None, headers: dict[str, str] | None = None
) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await get(url, timeouts, headers)
    return caught.value


async def test_koi_names_itself_and_asks_for_no_compression() -> None:
    async with RawServer([whole(b"hello")]).running() as server:
        assert await get(server.url) == b"hello"
    head = server.heads[0].lower()
    assert f"user-agent: koi/{__version__}".encode() in head
    assert b"accept-encoding: identity" in head


async def test_headers_of_the_provider_replace_koi_s_own() -> None:
    async with RawServer([whole(b"")]).running() as server:
        await get(server.url, headers={"user-agent": "other"})
    assert server.heads[0].lower().count(b"user-agent") == 1
    assert b"other" in server.heads[0]


async def test_connections_are_used_again() -> None:
    client = HttpClient(LOOPBACK)
    async with RawServer([whole(b"hello")]).running() as server:
        for _ in range(3):
            async with client.request("GET", server.url, headers={}) as answer:
                await answer.read()
        await client.aclose()
    assert server.connections == 1


async def test_other_hosts_are_refused_before_any_connection() -> None:
    error = await failure("https://evil.example/v1")
    assert error.kind == "network_policy"


async def test_redirects_are_refused_and_name_the_place() -> None:
    moved = whole(b"", "302 Found", "location: https://evil.example/steal?key=1\r\n")
    async with RawServer([moved]).running() as server:
        error = await failure(server.url)
    assert (error.kind, error.status) == ("network_policy", 302)
    assert "evil.example" in error.title
    assert not error.billed


@pytest.mark.parametrize("place", ["::bad", "http://[::1", "https://x:99999999/", "/other", ""])
async def test_redirects_to_what_is_no_address_are_refused_too(place: str) -> None:
    moved = whole(b"", "308 Permanent Redirect", f"location: {place}\r\n")
    async with RawServer([moved]).running() as server:
        error = await failure(server.url)
    assert (error.kind, error.status) == ("network_policy", 308)


@pytest.mark.parametrize("value", ["sk-line\nbreak", "sk-typogr\u2026"])
async def test_a_header_that_cannot_be_sent_is_refused_without_its_value(value: str) -> None:
    error = await failure("http://127.0.0.1:9", headers={"Authorization": value})
    assert "Authorization" in error.title
    assert value[:6] not in repr(error) + error.title


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        error = await failure(f"http://user:secret@127.0.0.1:{port}/v1?key=secret")
    assert error.kind == "network"
    assert error.title == f"127.0.0.1:{port} refuses connections"
    assert error.hint == "Is the server running?"
    assert not error.billed


async def test_a_proxy_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    client = HttpClient(NetworkPolicy("test", {"api.example.com": "catalogue"}))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(ProviderError) as caught:
            async with client.request("GET", "https://api.example.com/v1", headers={}):
                pass
    await client.aclose()
    assert "api.example.com (through HTTPS_PROXY) refuses connections" in caught.value.title


async def test_a_reset_before_the_answer_says_what_happened() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    server = await asyncio.start_server(reset, "127.0.0.1", 0)
    error = await failure(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    server.close()
    await server.wait_closed()
    assert error.kind == "network"
    assert error.title.partition("failed: ")[2]
    assert error.billed


async def test_no_answer_in_time() -> None:
    async with RawServer([], hang=True).running() as server:
        error = await failure(server.url, Timeouts(0.1, 0.1, 9))
    assert error.kind == "timeout"
    assert error.billed


async def test_a_silent_stream_is_ended() -> None:
    async with RawServer([STREAM_HEAD, chunk(b"data: 1\n\n")], hang=True).running() as server:
        error = await failure(server.url, Timeouts(1, 1, 0.1))
    assert error.kind == "timeout"


async def test_chunks_without_data_do_not_keep_a_stream_alive() -> None:
    async def read_on(client: HttpClient, url: str) -> None:
        async with client.request("GET", url, headers={}) as answer:
            while await answer.next_chunk() is not None:
                pass

    comments = [chunk(b": ping\n\n")] * 50
    client = HttpClient(LOOPBACK, Timeouts(0.1, 0.2, 0.2))
    async with RawServer([STREAM_HEAD, *comments], pause_s=0.05).running() as server:
        with pytest.raises(ProviderError) as caught:
            await read_on(client, server.url)
        await client.aclose()
    assert caught.value.kind == "timeout"


async def test_the_readers_own_work_is_not_counted_as_silence() -> None:
    client = HttpClient(LOOPBACK, Timeouts(1, 1, 0.2))
    body = [STREAM_HEAD, *[chunk(b"x")] * 3, chunk(b"")]
    async with RawServer(body).running() as server:
        async with client.request("GET", server.url, headers={}) as answer:
            while await answer.next_chunk() is not None:
                answer.data_seen()
                await asyncio.sleep(0.3)
        await client.aclose()


async def test_cancelling_stays_cancelling() -> None:
    async with RawServer([], hang=True).running() as server:
        task = asyncio.create_task(get(server.url))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def some_turns() -> None:
    for _ in range(200):
        await asyncio.sleep(0)


async def interrupted(url: str, moment: Awaitable[object]) -> bool:
    """Whether a request that is interrupted at a moment has left by then."""

    async def ask() -> bool:
        try:
            await get(url)
        except asyncio.CancelledError:
            return has_left()
        return False

    task = asyncio.create_task(ask())
    await moment
    task.cancel()
    return await task


async def test_whoever_interrupts_can_tell_whether_the_request_has_left() -> None:
    async with RawServer([], hang=True).running() as server:
        assert await interrupted(server.url, server.asked.wait())
    with ports.full() as url:
        assert not await interrupted(url, some_turns())


@pytest.mark.parametrize(
    "pieces",
    [
        [STREAM_HEAD, chunk(b"data: 1\n\n"), b"connection: close"],
        [b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\nconnection: close\r\n\r\nshort"],
    ],
)
async def test_a_body_that_breaks_off_is_an_error(pieces: list[bytes]) -> None:
    async with RawServer(pieces).running() as server:
        error = await failure(server.url)
    assert error.kind == "network"


async def test_what_is_no_http_is_an_error() -> None:
    async with RawServer([b"SSH-2.0-OpenSSH\r\nconnection: close\r\n\r\n"]).running() as server:
        error = await failure(server.url)
    assert error.kind == "network"


async def test_error_answers_become_errors_with_their_wait() -> None:
    body = b'{"error":{"message":"slow down"}}'
    busy = whole(body, "429 Too Many Requests", "Retry-After: 7\r\n")
    async with RawServer([busy]).running() as server:
        error = await failure(server.url)
    assert (error.kind, error.status, error.retry_after_s) == ("rate_limit", 429, 7)
    assert error.title == "slow down"
    assert not error.billed


async def test_answers_are_bounded() -> None:
    client = HttpClient(LOOPBACK)
    async with RawServer([whole(b"x" * 2000)]).running() as server:
        with pytest.raises(ProviderError, match="larger than"):
            async with client.request("GET", server.url, headers={}) as answer:
                await answer.read(limit=1000)
        await client.aclose()


async def test_an_endless_error_page_still_names_its_status() -> None:
    huge = whole(b"x" * 1_000_000, "500 Internal Server Error")
    async with RawServer([huge]).running() as server:
        error = await failure(server.url)
    assert error.status == 500


def test_httpx_is_imported_late() -> None:
    import subprocess

    code = "import sys, koi.providers.http_provider; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
