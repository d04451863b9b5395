"""Questions to authorization servers, whatever they answer."""

from __future__ import annotations

import pytest

from koi.core.errors import ProviderError
from koi.credentials.oauth.token_server import LARGEST, Reply, TokenServer
from koi.net.policy import NetworkPolicy
from tests.net.raw_server import RawServer
from tests.servers.answers import Answer
from tests.servers.model_server import ModelServer
from tests.servers.oauth_server import html, page

LOOPBACK = NetworkPolicy("test", {"127.0.0.1": "catalogue"})
SECRET = "canary-verifier-0123456789"


async def asked(server: ModelServer, answer: Answer) -> Reply:
    server.pages["/token"] = lambda request: answer
    async with TokenServer(LOOPBACK) as tokens:
        return await tokens.form(f"{server.url}/token", {"code_verifier": SECRET})


async def test_refusals_come_with_their_fields(model_server: ModelServer) -> None:
    reply = await asked(model_server, page({"error": "slow_down"}, 429))
    assert (reply.status, reply.good, reply.fields) == (429, False, {"error": "slow_down"})
    assert SECRET not in model_server.requests[0].path


async def test_a_page_is_not_understood(model_server: ModelServer) -> None:
    reply = await asked(model_server, html(200))
    assert (reply.understood, reply.fields) == (False, {})


@pytest.mark.parametrize("body", [b"[1]", b"\xff", b"", b"[" * 100_000, b"null"])
async def test_what_is_no_object_is_not_understood(model_server: ModelServer, body: bytes) -> None:
    assert not (await asked(model_server, Answer(body=body))).understood


async def test_tokens_are_not_printed(model_server: ModelServer) -> None:
    reply = await asked(model_server, page({"access_token": SECRET}))
    assert SECRET not in repr(reply)
    assert reply.text("access_token") == SECRET


async def test_a_redirect_is_never_followed(model_server: ModelServer) -> None:
    moved = Answer(status=307, body=b"{}", headers={"location": "https://evil.example/token"})
    with pytest.raises(ProviderError) as caught:
        await asked(model_server, moved)
    assert caught.value.kind == "network_policy"
    assert SECRET not in caught.value.title
    assert len(model_server.requests) == 1


async def test_an_endless_answer_is_cut(model_server: ModelServer) -> None:
    with pytest.raises(ProviderError, match="larger than 1 MiB"):
        await asked(model_server, Answer(body=b"x" * (LARGEST + 1)))


async def test_a_silent_server_is_left_after_the_limit() -> None:
    async with (
        RawServer([], hang=True).running() as server,
        TokenServer(LOOPBACK, limit_s=0.05) as tokens,
    ):
        with pytest.raises(ProviderError) as caught:
            await tokens.json(f"{server.url}/token", {"code": SECRET})
    assert caught.value.kind == "timeout"
    assert SECRET not in repr(caught.value)


@pytest.mark.parametrize("url", ["https://evil.example/token", "ftp://127.0.0.1/token"])
async def test_no_other_host_is_spoken_to(url: str) -> None:
    async with TokenServer(LOOPBACK) as tokens:
        with pytest.raises(ProviderError) as caught:
            await tokens.form(url, {"code": SECRET})
    assert caught.value.kind == "network_policy"
