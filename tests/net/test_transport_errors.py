"""What goes wrong below HTTP, on real sockets where loopback can show it."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from pathlib import Path

import httpx
import pytest

from koi.core.errors import ErrorKind, ProviderError
from koi.net.client import HttpClient
from koi.net.policy import NetworkPolicy
from koi.net.transport_errors import transport_error
from tests.net.certificates import self_signed, tls_server
from tests.net.raw_server import RawServer, whole

LOOPBACK = NetworkPolicy("test", {"127.0.0.1": "catalogue", "api.example.com": "catalogue"})


async def failure(url: str) -> ProviderError:
    client = HttpClient(LOOPBACK)
    try:
        with pytest.raises(ProviderError) as caught:
            async with client.request("GET", url, headers={}):
                pass
    finally:
        await client.aclose()
    return caught.value


async def test_a_certificate_that_is_signed_by_itself(tmp_path: Path) -> None:
    async with tls_server(self_signed(tmp_path)) as url:
        error = await failure(url)
    assert error.kind == "network"
    assert error.title == f"The certificate of {url.removeprefix('https://')} is signed by itself"
    assert "trust store" in error.hint


@pytest.mark.parametrize(
    ("host", "days_left", "title", "hint"),
    [
        ("127.0.0.1", -1, "has expired", "clock"),
        ("other.example", 1, "is for another", "base_url"),
    ],
)
async def test_a_certificate_of_a_known_authority_with_a_fault(
    host: str,
    days_left: int,
    title: str,
    hint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    certificate = self_signed(tmp_path, host, days_left=days_left)
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr("koi.net.client.system_context", lambda: trusting)
    async with tls_server(certificate) as url:
        error = await failure(url)
    assert error.kind == "network"
    assert title in error.title
    assert hint in error.hint


async def test_https_to_a_port_that_speaks_http() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(whole(b"", "400 Bad Request"))
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        error = await failure(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert error.kind == "network"
    assert "TLS with 127.0.0.1:" in error.title
    assert "does not speak https at this port" in error.hint


@pytest.mark.parametrize(
    ("answer", "kind", "hint"),
    [
        ("407 Proxy Authentication Required", "network_policy", "NAME:PASSWORD"),
        ("403 Forbidden", "network_policy", "NO_PROXY"),
        ("502 Bad Gateway", "network", "HTTPS_PROXY"),
    ],
)
async def test_a_proxy_that_refuses(
    answer: str, kind: ErrorKind, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with RawServer([whole(b"", answer)]).running() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        error = await failure("https://api.example.com/v1")
    assert error.kind == kind
    assert error.title.startswith("The proxy refused the way to api.example.com")
    assert hint in error.hint


def told(cause: OSError) -> ProviderError:
    """The error for a connection that failed for this reason."""
    error = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = ExceptionGroup("several addresses", [cause])
    place = "api.example.com:443"
    return transport_error(error, "api.example.com", began=False, place=place)


@pytest.mark.parametrize(
    ("cause", "title", "hint"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "There is no host named", "base_url"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "could not be looked up now", "online"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "There is no way to", "online"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "There is no way to", "VPN"),
        (
            ConnectionRefusedError(errno.ECONNREFUSED, "x"),
            "api.example.com:443 refuses",
            "firewall",
        ),
        (ConnectionResetError(errno.ECONNRESET, "x"), "before there was an answer", "again"),
    ],
)
def test_every_cause_names_the_place_and_the_next_step(
    cause: OSError, title: str, hint: str
) -> None:
    error = told(cause)
    assert error.kind == "network"
    assert title in error.title
    assert "api.example.com" in error.title
    assert hint in error.hint


def test_a_connection_that_never_comes_is_a_timeout() -> None:
    error = transport_error(httpx.ConnectTimeout(""), "gpu.lan", began=False, place="gpu.lan:8080")
    assert (error.kind, error.title) == ("timeout", "No connection to gpu.lan:8080 in time")
