"""Copilot over real sockets: tokens that are exchanged and renewed, and its three formats."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol

import pytest

from koi import __version__
from koi.core.errors import ProviderError
from koi.core.messages import Message, ModelRequest, Text
from koi.core.provider_events import TextDelta
from koi.core.secret import Secret
from koi.credentials.copilot import CopilotPlace, CopilotSigner, copilot_place
from koi.credentials.endpoint import Endpoint
from koi.credentials.settings import provider_endpoint
from koi.providers.http_provider import HttpProvider
from tests.configurations import registry_of
from tests.servers.answers import Answer, failure, text
from tests.servers.model_server import ModelServer, RecordedRequest

GITHUB_TOKEN = "ghu_0123456789abcdefghij"
EXCHANGE = "/copilot_internal/v2/token"
HELLO = (Message("user", (Text("Hello"),)),)


def page(value: object) -> Callable[[RecordedRequest], Answer]:
    return lambda request: Answer(body=json.dumps(value).encode())


class GitHub:
    """Gives tokens that are numbered; `refresh_in` seconds each."""

    def __init__(self, server: ModelServer, refresh_in: float = 1500.0) -> None:
        self.refresh_in = refresh_in
        self.given = 0
        self.more: dict[str, object] = {}
        self.place = CopilotPlace(f"{server.url}{EXCHANGE}", ())
        server.pages[EXCHANGE] = self._exchange

    def _exchange(self, request: RecordedRequest) -> Answer:
        assert request.headers["authorization"] == f"token {GITHUB_TOKEN}"
        assert request.headers["editor-version"] == f"koi/{__version__}"
        self.given += 1
        token = f"tid={self.given};exp=1:mac{self.given:04}"
        ends = int(time.time() + self.refresh_in + 300)
        said = {"token": token, "refresh_in": self.refresh_in, "expires_at": ends, **self.more}
        return Answer(body=json.dumps(said).encode())


class Open(Protocol):
    """Opens Copilot at a server, with a token that is sent itself or one that is exchanged."""

    def __call__(self, server: ModelServer, place: CopilotPlace | None = None) -> HttpProvider: ...


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    providers: list[HttpProvider] = []

    def open_provider(server: ModelServer, place: CopilotPlace | None = None) -> HttpProvider:
        endpoint = Endpoint("copilot", "copilot", server.url, key=Secret("gho_direct"))
        if place is not None:
            signer = CopilotSigner(Secret(GITHUB_TOKEN), place)
            endpoint = Endpoint("copilot", "copilot", server.url, signer=signer)
        providers.append(HttpProvider(endpoint))
        return providers[-1]

    yield open_provider
    for provider in providers:
        await provider.aclose()


async def ask(provider: HttpProvider, model: str = "gpt-4o") -> str:
    request = ModelRequest(model, HELLO)
    events = [event async for event in provider.stream(request)]
    return "".join(event.delta for event in events if isinstance(event, TextDelta))


def bearers(server: ModelServer) -> list[str]:
    return [request.headers["authorization"] for request in server.model_requests]


async def test_any_other_token_is_the_bearer_itself(
    model_server: ModelServer, opened: Open
) -> None:
    model_server.script(text("Hi"))
    assert await ask(opened(model_server)) == "Hi"
    [request] = model_server.model_requests
    assert request.path == "/chat/completions"
    assert request.headers["authorization"] == "Bearer gho_direct"
    assert request.headers["user-agent"] == f"koi/{__version__}"
    assert request.headers["x-initiator"] == "user"
    assert "editor-version" not in request.headers


async def test_a_github_token_is_exchanged_once(model_server: ModelServer, opened: Open) -> None:
    github = GitHub(model_server)
    model_server.script(text("one"), text("two"))
    provider = opened(model_server, github.place)
    assert [await ask(provider), await ask(provider)] == ["one", "two"]
    assert github.given == 1
    assert set(bearers(model_server)) == {"Bearer tid=1;exp=1:mac0001"}


async def test_requests_at_the_same_time_share_one_exchange(
    model_server: ModelServer, opened: Open
) -> None:
    github = GitHub(model_server)
    model_server.script(text("a"), text("a"), text("a"))
    provider = opened(model_server, github.place)
    await asyncio.gather(*(ask(provider) for _ in range(3)))
    assert github.given == 1


async def test_a_token_that_ends_is_renewed_before_the_next_request(
    model_server: ModelServer, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    github = GitHub(model_server)
    model_server.script(text("one"), text("two"))
    provider = opened(model_server, github.place)
    await ask(provider)
    later = time.time() + 1501
    monkeypatch.setattr(time, "time", lambda: later)
    assert await ask(provider) == "two"
    assert bearers(model_server)[1] == "Bearer tid=2;exp=1:mac0002"


async def test_a_clock_that_is_wrong_does_not_exchange_each_time(
    model_server: ModelServer,
    opened: Open,
) -> None:
    github = GitHub(model_server)
    github.more = {"expires_at": 1}
    model_server.script(text("one"), text("two"))
    provider = opened(model_server, github.place)
    await ask(provider)
    await ask(provider)
    assert github.given == 1


async def test_a_token_refused_early_is_renewed_and_the_request_sent_again(
    model_server: ModelServer,
    opened: Open,
) -> None:
    github = GitHub(model_server)
    model_server.script(text("one"), failure(401, "token expired"), text("two"))
    provider = opened(model_server, github.place)
    await ask(provider)
    assert await ask(provider) == "two"
    assert github.given == 2


async def test_requests_that_are_refused_together_share_the_next_token(
    model_server: ModelServer,
) -> None:
    github = GitHub(model_server)
    signer = CopilotSigner(Secret(GITHUB_TOKEN), github.place)
    sent = asyncio.Barrier(2)

    async def request() -> bool:
        await signer.headers("POST", model_server.url, b"")
        await sent.wait()
        again = await signer.refused(ProviderError("expired", kind="auth", status=401))
        await signer.headers("POST", model_server.url, b"")
        return again

    assert all(await asyncio.gather(request(), request()))
    assert github.given == 2


async def test_a_second_refusal_is_an_error(model_server: ModelServer, opened: Open) -> None:
    github = GitHub(model_server)
    model_server.script(failure(401), failure(401))
    with pytest.raises(ProviderError) as caught:
        await ask(opened(model_server, github.place))
    assert caught.value.kind == "auth"
    assert len(model_server.model_requests) == 2


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "GitHub refuses the token"), (403, "No access to GitHub Copilot found")],
)
async def test_a_refused_exchange_says_what_to_do(
    model_server: ModelServer, opened: Open, status: int, words: str
) -> None:
    github = GitHub(model_server)
    refusal = json.dumps({"message": "No access to GitHub Copilot found"}).encode()
    model_server.pages[EXCHANGE] = lambda request: Answer(status=status, body=refusal)
    with pytest.raises(ProviderError) as caught:
        await ask(opened(model_server, github.place))
    assert caught.value.kind == "auth"
    assert words in caught.value.title
    assert caught.value.hint
    assert not model_server.model_requests


async def test_secrets_are_not_in_errors(model_server: ModelServer, opened: Open) -> None:
    github = GitHub(model_server)
    model_server.script(
        failure(400, "bad tid=1;exp=1:mac0001"), failure(400, f"bad {GITHUB_TOKEN}")
    )
    provider = opened(model_server, github.place)
    for _ in range(2):
        with pytest.raises(ProviderError) as caught:
            await ask(provider)
        assert "mac0001" not in caught.value.title.replace("…0001", "")
        assert GITHUB_TOKEN not in caught.value.title


@pytest.mark.parametrize(
    ("api", "trusted", "wanted"),
    [
        ("https://api.business.githubcopilot.com", ("githubcopilot.com",), True),
        ("https://copilot-api.corp.ghe.com/", ("githubcopilot.com", "corp.ghe.com"), True),
        ("https://githubcopilot.com.evil.example", ("githubcopilot.com",), False),
        ("https://evilgithubcopilot.com", ("githubcopilot.com",), False),
        ("http://api.githubcopilot.com", ("githubcopilot.com",), False),
        ("https://user@evil.example", ("githubcopilot.com",), False),
        ("nonsense", ("githubcopilot.com",), False),
    ],
)
async def test_the_answer_names_the_place_of_the_plan_within_githubs_domains(
    model_server: ModelServer, api: str, trusted: tuple[str, ...], wanted: bool
) -> None:
    github = GitHub(model_server)
    github.more = {"endpoints": {"api": api}}
    signer = CopilotSigner(Secret(GITHUB_TOKEN), CopilotPlace(github.place.exchange_url, trusted))
    if wanted:
        assert await signer.base_url("https://api.githubcopilot.com") == api.rstrip("/")
        return
    with pytest.raises(ProviderError) as caught:
        await signer.base_url("https://api.githubcopilot.com")
    assert caught.value.kind == "network_policy"


@pytest.mark.parametrize(
    ("base_url", "exchange", "trusted"),
    [
        (
            "https://api.githubcopilot.com",
            "https://api.github.com/copilot_internal/v2/token",
            ("githubcopilot.com",),
        ),
        (
            "https://copilot-api.corp.ghe.com",
            "https://api.corp.ghe.com/copilot_internal/v2/token",
            ("githubcopilot.com", "corp.ghe.com"),
        ),
        ("https://gateway.example", "https://api.github.com/copilot_internal/v2/token", ()),
    ],
)
def test_each_api_has_its_exchange(base_url: str, exchange: str, trusted: tuple[str, ...]) -> None:
    assert copilot_place(base_url) == CopilotPlace(exchange, trusted)


async def test_the_exchange_keeps_to_the_allowed_hosts(tmp_path: Path) -> None:
    rules = '[network]\ndefault_deny = true\nprovider_allowed_hosts = ["api.githubcopilot.com"]\n'
    text = f'{rules}[providers.copilot]\napi_key = "{GITHUB_TOKEN}"\n'
    signer = provider_endpoint("copilot", registry_of(tmp_path, text)).signer
    assert signer is not None
    with pytest.raises(ProviderError, match=r"api\.github\.com is not allowed"):
        await signer.base_url("https://api.githubcopilot.com")


def test_only_tokens_of_github_apps_are_exchanged(tmp_path: Path) -> None:
    for key, exchanged in ((GITHUB_TOKEN, True), ("gho_0123456789", False)):
        text = f'[providers.copilot]\napi_key = "{key}"\n'
        endpoint = provider_endpoint("copilot", registry_of(tmp_path, text))
        assert (endpoint.signer is not None) is exchanged
        assert (endpoint.key is None) is exchanged


RESPONSE = {
    "object": "response",
    "status": "completed",
    "model": "codex",
    "output": [
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "R"}]}
    ],
}


async def test_each_model_is_asked_at_its_endpoint_and_the_list_is_fetched_once(
    model_server: ModelServer,
    opened: Open,
) -> None:
    model_server.pages["/models"] = page(
        {
            "data": [
                {"id": "claude", "supported_endpoints": ["/chat/completions", "/v1/messages"]},
                {"id": "codex", "supported_endpoints": ["/responses"]},
            ]
        }
    )
    model_server.pages["/responses"] = page(RESPONSE)
    model_server.script(text("M"), text("C"))
    provider = opened(model_server)
    assert [await ask(provider, model) for model in ("claude", "codex", "other")] == ["M", "R", "C"]
    paths = [request.path for request in model_server.requests]
    assert paths == ["/models", "/v1/messages", "/responses", "/chat/completions"]


async def test_a_list_that_is_refused_is_not_asked_for_again(
    model_server: ModelServer, opened: Open
) -> None:
    model_server.pages["/models"] = lambda request: failure(404, "no such page")
    model_server.script(text("a"), text("b"))
    provider = opened(model_server)
    assert [await ask(provider), await ask(provider)] == ["a", "b"]
    assert [request.path for request in model_server.requests].count("/models") == 1


async def test_a_list_that_fails_is_asked_for_again(
    model_server: ModelServer, opened: Open
) -> None:
    model_server.pages["/models"] = lambda request: failure(503)
    model_server.script(text("a"), text("b"))
    provider = opened(model_server)
    await ask(provider)
    model_server.pages["/models"] = page(
        {"data": [{"id": "gpt-4o", "supported_endpoints": ["/v1/messages"]}]}
    )
    await ask(provider)
    assert [request.path for request in model_server.model_requests] == [
        "/chat/completions",
        "/v1/messages",
    ]
