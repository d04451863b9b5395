"""Names are looked up once, their addresses checked, and nothing else is connected to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Sequence

import httpcore
import pytest

from koi.core.errors import ProviderError
from koi.net.client import HttpClient
from koi.net.policy import NetworkPolicy
from koi.net.timeouts import Timeouts
from koi.net.transport import CheckedBackend
from tests.net.raw_server import RawServer, whole

HOST = "api.example.com"
PUBLIC = NetworkPolicy("work", {HOST: "catalogue"})
OWN = NetworkPolicy("work", {HOST: "configuration"})


class NameServer:
    """Gives the next of its answers to each question for a host."""

    def __init__(self, answers: Sequence[Sequence[str]]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def look_up(
        self, host: object, port: object, *more: object, **named: object
    ) -> list[tuple[object, object, int, str, tuple[object, ...]]]:
        self.asked += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port, 0, 0) if ":" in address else (address, port),
            )
            for address in found
        ]


def names(monkeypatch: pytest.MonkeyPatch, *answers: Sequence[str]) -> NameServer:
    """Every look-up of this process gets these answers."""
    server = NameServer(answers)
    monkeypatch.setattr(socket, "getaddrinfo", server.look_up)
    return server


def loopback_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koi.net.policy.is_public", lambda address: address.startswith("127."))


async def fetch(policy: NetworkPolicy, port: int, scheme: str = "https") -> bytes:
    client = HttpClient(policy, Timeouts(2, 2, 2))
    try:
        async with client.request("GET", f"{scheme}://{HOST}:{port}/", headers={}) as answer:
            return await answer.read()
    finally:
        await client.aclose()


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254"])
async def test_a_public_host_that_leads_to_a_private_address_gets_no_connection(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with RawServer([whole(b"secret")]).running() as server:
        names(monkeypatch, [address])
        with pytest.raises(ProviderError, match="private network") as caught:
            await fetch(PUBLIC, int(server.url.rpartition(":")[2]))
    assert caught.value.kind == "network_policy"
    assert server.connections == 0


async def test_one_private_address_among_public_ones_is_enough_to_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(ProviderError, match="private network"):
        await fetch(PUBLIC, 443)


async def test_a_host_of_the_person_may_be_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    async with RawServer([whole(b"hello")]).running() as server:
        names(monkeypatch, ["127.0.0.1"])
        assert await fetch(OWN, int(server.url.rpartition(":")[2]), "http") == b"hello"


async def test_a_name_is_looked_up_once_and_what_was_checked_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loopback_is_public(monkeypatch)
    backend = CheckedBackend(lambda: PUBLIC)
    async with RawServer([whole(b"hello")]).running() as server:
        asked = names(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
        stream = await backend.connect_tcp(HOST, int(server.url.rpartition(":")[2]), 2)
        place = stream.get_extra_info("server_addr")
        await stream.aclose()
    assert asked.asked == 1
    assert place[0] == "127.0.0.1"


async def test_an_address_that_refuses_is_followed_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loopback_is_public(monkeypatch)
    async with RawServer([whole(b"")]).running() as server:
        names(monkeypatch, ["127.0.0.2", "127.0.0.3", "127.0.0.1"])
        stream = await CheckedBackend(lambda: PUBLIC).connect_tcp(
            HOST, int(server.url.rpartition(":")[2]), 2
        )
        assert stream.get_extra_info("server_addr")[0] == "127.0.0.1"
        await stream.aclose()


async def test_an_address_that_is_silent_is_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    loopback_is_public(monkeypatch)
    backend = CheckedBackend(lambda: PUBLIC)
    silent = asyncio.Event()
    connect = backend._inner.connect_tcp

    async def slow_at_first(host: str, *more: object) -> httpcore.AsyncNetworkStream:
        if host == "127.0.0.9":
            await silent.wait()
        return await connect(host, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(backend._inner, "connect_tcp", slow_at_first)
    async with RawServer([whole(b"")]).running() as server:
        names(monkeypatch, ["127.0.0.9", "127.0.0.1"])
        stream = await backend.connect_tcp(HOST, int(server.url.rpartition(":")[2]), 9)
        assert stream.get_extra_info("server_addr")[0] == "127.0.0.1"
        await stream.aclose()


async def test_no_address_that_takes_a_connection_is_told_by_its_cause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loopback_is_public(monkeypatch)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        names(monkeypatch, ["127.0.0.1", "127.0.0.2"])
        with pytest.raises(ProviderError, match="refuses connections") as caught:
            await fetch(PUBLIC, taken.getsockname()[1])
    assert caught.value.kind == "network"


async def test_a_name_that_nobody_has_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*question: object, **named: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ProviderError, match=f"There is no host named {HOST}"):
        await fetch(PUBLIC, 443)


async def test_behind_a_proxy_the_proxy_looks_names_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async with RawServer([whole(b"", "502 Bad Gateway")]).running() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(ProviderError, match="The proxy refused the way"):
            await fetch(PUBLIC, 443)
        with contextlib.suppress(ProviderError):
            await fetch(NetworkPolicy("work", {"other.example": "catalogue"}), 443)
    assert [head.split(b"\r\n")[0] for head in proxy.heads] == [
        f"CONNECT {HOST}:443 HTTP/1.1".encode()
    ]
