"""Logins in use: where their tokens go, and what becomes of them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from koi.catalogue.registry import Registry
from koi.core.errors import ProviderError
from koi.core.messages import Message, ModelRequest, Text
from koi.core.provider_events import TextDelta
from koi.core.secret import Secret
from koi.credentials.findings import Finding, TokenUse
from koi.credentials.logins.qwen import USUAL_PLACE
from koi.credentials.logins.upkeep import open_login_signer
from koi.credentials.settings import provider_endpoint
from koi.credentials.sources.oauth_store import find
from koi.credentials.sources.search import Search
from koi.credentials.stores.auth_file import AuthFile
from koi.credentials.stores.token_record import TokenRecord
from koi.providers.http_provider import HttpProvider
from tests.configurations import registry_of
from tests.servers.answers import JsonObject, text
from tests.servers.model_server import ModelServer
from tests.servers.oauth_server import CANARY, GitHub, Qwen, page

LATER = 4_000_000_000.0
TOKEN = Secret(f"{CANARY}-access-0123456789")
REFRESH = Secret(f"{CANARY}-refresh-0123456789")


def kept(registry: Registry, provider: str, record: TokenRecord) -> AuthFile:
    store = AuthFile(registry.config.paths.auth_file)
    store.put(provider, record)
    return store


def found(registry: Registry) -> Finding:
    [finding] = find(Search(registry.all, registry.config))
    assert CANARY not in repr(finding)
    return finding


def test_a_login_is_found_with_account_and_end(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    extra: JsonObject = {"account": "me@example.com", "resource_url": "portal.qwen.ai"}
    kept(registry, "qwen-code", TokenRecord(TOKEN, REFRESH, LATER, extra=extra))
    finding = found(registry)
    assert finding == Finding(
        "qwen-code",
        "koi login",
        "usable",
        TOKEN.label,
        "koi connect qwen-code",
        "me@example.com",
        expires_at=LATER,
        renewed=True,
        subscription=True,
        use=TokenUse("https://portal.qwen.ai/v1"),
    )


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (TokenRecord(TOKEN, REFRESH, LATER).ended("invalid_grant"), "invalid_grant"),
        (TokenRecord(TOKEN, None, time.time() - 5), "its time is over"),
    ],
)
def test_a_login_that_has_ended_says_how_to_come_back(
    tmp_path: Path, record: TokenRecord, words: str
) -> None:
    registry = registry_of(tmp_path)
    kept(registry, "qwen-code", record)
    finding = found(registry)
    assert finding.state == "expired"
    assert words in finding.detail
    assert finding.detail.endswith("koi connect qwen-code")


def test_a_login_that_has_only_to_be_renewed_is_usable(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    kept(registry, "qwen-code", TokenRecord(TOKEN, REFRESH, time.time() - 5))
    assert found(registry).state == "usable"


def test_providers_that_are_not_asked_for_are_not_found(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    kept(registry, "qwen-code", TokenRecord(TOKEN))
    assert find(Search((registry.get("openai"),), registry.config)) == ()


@pytest.mark.parametrize(
    ("configuration", "state"),
    [
        ('[providers.qwen-code]\nbase_url = "https://evil.example/v1"\n', "unreadable"),
        ('[providers.qwen-code]\nbase_url = "http://127.0.0.1:1/v1"\n', "unreadable"),
        ('[providers.qwen-code]\nbase_url = "https://qwen.ai.evil.example/v1"\n', "unreadable"),
        ('[providers.qwen-code]\nbase_url = "http://dashscope.aliyuncs.com/v1"\n', "unreadable"),
        ('[providers.qwen-code]\nbase_url = "https://dashscope.aliyuncs.com/v1"\n', "usable"),
        (
            '[oauth.qwen]\ntoken_url = "http://127.0.0.1:2/"\n'
            '[providers.qwen-code]\nbase_url = "http://127.0.0.1:1/v1"\n',
            "usable",
        ),
    ],
)
def test_a_token_stays_with_its_vendor(tmp_path: Path, configuration: str, state: str) -> None:
    registry = registry_of(tmp_path, configuration)
    kept(registry, "qwen-code", TokenRecord(TOKEN, REFRESH, LATER))
    assert found(registry).state == state


@pytest.mark.parametrize(
    ("said", "base_url"),
    [
        ("portal.qwen.ai", "https://portal.qwen.ai/v1"),
        ("https://dashscope.aliyuncs.com/compatible-mode/v1", None),
        ("http://portal.qwen.ai", ""),
        ("https://evil.example", ""),
        ("https://qwen.ai@evil.example", ""),
        ("https://portal.qwen.ai:8443", ""),
        ("", ""),
    ],
)
async def test_qwens_place_is_believed_within_its_domains(
    tmp_path: Path, said: str, base_url: str | None
) -> None:
    registry = registry_of(tmp_path)
    kept(registry, "qwen-code", TokenRecord(TOKEN, extra={"resource_url": said}))
    signer = open_login_signer(registry.get("qwen-code"), registry)
    expected = (said if base_url is None else base_url) or USUAL_PLACE
    assert await signer.base_url("https://usual.example/v1") == expected


async def test_an_expired_token_of_qwen_is_renewed_before_it_is_sent(
    tmp_path: Path, model_server: ModelServer
) -> None:
    qwen = Qwen(model_server)
    registry = registry_of(tmp_path, qwen.configuration)
    extra: JsonObject = {"client_id": "issued"}
    store = kept(registry, "qwen-code", TokenRecord(TOKEN, REFRESH, time.time() - 5, extra=extra))
    signer = open_login_signer(registry.get("qwen-code"), registry)
    headers = await signer.headers("POST", "https://portal.qwen.ai/v1", b"")
    assert headers == {"Authorization": f"Bearer {qwen.access}"}
    assert qwen.forms[0]["client_id"] == "issued"
    record = store.get("qwen-code")
    assert record is not None
    assert record.text("resource_url") == "https://portal.qwen.ai"
    assert {secret.reveal() for secret in signer.secrets} >= {qwen.access, qwen.refresh}


async def test_a_refused_login_of_qwen_asks_to_connect_again(
    tmp_path: Path, model_server: ModelServer
) -> None:
    qwen = Qwen(model_server)
    qwen.answers = [page({}, 401)]
    registry = registry_of(tmp_path, qwen.configuration)
    kept(registry, "qwen-code", TokenRecord(TOKEN, REFRESH, time.time() - 5))
    signer = open_login_signer(registry.get("qwen-code"), registry)
    with pytest.raises(ProviderError) as caught:
        await signer.headers("POST", "https://portal.qwen.ai/v1", b"")
    assert caught.value.hint == "Connect again: koi connect qwen-code"


async def test_copilots_github_token_is_exchanged(
    tmp_path: Path, model_server: ModelServer
) -> None:
    github = GitHub(model_server)
    registry = registry_of(tmp_path, github.configuration)
    kept(registry, "copilot", TokenRecord(Secret(github.token)))
    signer = open_login_signer(registry.get("copilot"), registry)
    assert await signer.base_url("https://api.githubcopilot.com") == "https://api.githubcopilot.com"
    headers = await signer.headers("POST", "https://api.githubcopilot.com", b"")
    assert headers["Authorization"] == f"Bearer {github.exchanged}"
    assert {secret.reveal() for secret in signer.secrets} >= {github.token, github.exchanged}


async def test_a_token_of_an_own_application_is_sent_itself(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    token = Secret("gho_canary0123456789")
    kept(registry, "copilot", TokenRecord(token, extra={"domain": "corp.ghe.com"}))
    signer = open_login_signer(registry.get("copilot"), registry)
    assert await signer.base_url("https://api.githubcopilot.com") == (
        "https://copilot-api.corp.ghe.com"
    )
    headers = await signer.headers("POST", "https://copilot-api.corp.ghe.com", b"")
    assert headers == {"Authorization": f"Bearer {token.reveal()}"}


async def test_a_github_token_that_github_refuses_ends_the_login_until_connected_again(
    tmp_path: Path, model_server: ModelServer
) -> None:
    github = GitHub(model_server)
    good, github.exchange = github.exchange, page({"message": "Bad credentials"}, 401)
    registry = registry_of(tmp_path, github.configuration)
    store = kept(registry, "copilot", TokenRecord(Secret(github.token)))
    signer = open_login_signer(registry.get("copilot"), registry)
    for _ in range(2):
        with pytest.raises(ProviderError) as caught:
            await signer.headers("POST", "https://api.githubcopilot.com", b"")
        assert caught.value.hint == "Connect again: koi connect copilot"
    assert len(model_server.requests) == 1
    github.exchange = good
    store.put("copilot", TokenRecord(Secret(f"{github.token}-new")))
    headers = await signer.headers("POST", "https://api.githubcopilot.com", b"")
    assert headers["Authorization"] == f"Bearer {github.exchanged}"


async def test_an_account_that_lost_its_plan_stays_logged_in(
    tmp_path: Path, model_server: ModelServer
) -> None:
    github = GitHub(model_server)
    github.exchange = page({"message": "No plan"}, 403)
    registry = registry_of(tmp_path, github.configuration)
    store = kept(registry, "copilot", TokenRecord(Secret(github.token)))
    signer = open_login_signer(registry.get("copilot"), registry)
    with pytest.raises(ProviderError, match="No plan"):
        await signer.headers("POST", "https://api.githubcopilot.com", b"")
    record = store.get("copilot")
    assert record is not None
    assert record.access_token == Secret(github.token)


async def test_a_github_token_that_ends_is_renewed(
    tmp_path: Path, model_server: ModelServer
) -> None:
    github = GitHub(model_server)
    github.granted |= {"access_token": f"{github.token}-new", "expires_in": "28800"}
    registry = registry_of(tmp_path, github.configuration)
    old = TokenRecord(Secret(github.token), Secret("ghr_canary0123456789"), time.time() - 5)
    store = kept(registry, "copilot", old)
    signer = open_login_signer(registry.get("copilot"), registry)
    await signer.headers("POST", "https://api.githubcopilot.com", b"")
    record = store.get("copilot")
    assert record is not None
    assert record.access_token == Secret(f"{github.token}-new")


async def test_a_token_is_not_sent_to_a_place_that_another_login_was_for(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    store = kept(registry, "openai-codex", TokenRecord(TOKEN, extra={"account_id": "a"}))
    signer = open_login_signer(registry.get("openai-codex"), registry)
    place = await signer.base_url("")
    store.put("openai-codex", TokenRecord(TOKEN, extra={"method": "browser"}))
    with pytest.raises(ProviderError) as caught:
        await signer.headers("POST", f"{place}/responses", b"")
    assert caught.value.kind == "network_policy"


async def test_a_reconnected_enterprise_is_asked_at_its_own_place(
    tmp_path: Path,
) -> None:
    registry = registry_of(tmp_path)
    store = kept(registry, "copilot", TokenRecord(Secret("gho_canary0123456789")))
    signer = open_login_signer(registry.get("copilot"), registry)
    assert await signer.base_url("https://api.githubcopilot.com") == "https://api.githubcopilot.com"
    other = TokenRecord(Secret("gho_canary9876543210"), extra={"domain": "corp.ghe.com"})
    store.put("copilot", other)
    assert await signer.base_url("https://api.githubcopilot.com") == (
        "https://copilot-api.corp.ghe.com"
    )


async def test_a_turn_with_copilots_login(tmp_path: Path, model_server: ModelServer) -> None:
    github = GitHub(model_server)
    own = f'[providers.copilot]\nbase_url = "{model_server.url}"\n'
    registry = registry_of(tmp_path, github.configuration + own)
    kept(registry, "copilot", TokenRecord(Secret(github.token)))
    model_server.script(text("Hi"))
    provider = HttpProvider(provider_endpoint("copilot", registry))
    try:
        request = ModelRequest("gpt-4o", (Message("user", (Text("Hello"),)),))
        events = [event async for event in provider.stream(request)]
    finally:
        await provider.aclose()
    assert [event.delta for event in events if isinstance(event, TextDelta)] == ["Hi"]
    [sent] = model_server.model_requests
    assert sent.headers["authorization"] == f"Bearer {github.exchanged}"
