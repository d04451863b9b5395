"""MiniMax's login in both regions, against a server with its habits."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from koi.core.secret import Secret
from koi.credentials.logins.events import CodeIssued, Connected
from koi.credentials.logins.table import find_login
from koi.credentials.logins.upkeep import open_login_signer
from koi.credentials.oauth.minimax_code import seconds_until
from koi.credentials.oauth.pkce import Proof
from koi.credentials.settings import provider_endpoint
from koi.credentials.stores.auth_file import AuthFile
from koi.credentials.stores.token_record import TokenRecord
from tests.configurations import registry_of
from tests.credentials.logins.conversation import Conversation
from tests.servers.answers import Answer, JsonObject
from tests.servers.model_server import ModelServer
from tests.servers.oauth_server import CANARY, MiniMax, page

PENDING: JsonObject = {"status": "pending", "base_resp": {"status_code": 0}}


@pytest.fixture
def minimax(model_server: ModelServer) -> MiniMax:
    return MiniMax(model_server)


@pytest.fixture
def login(minimax: MiniMax, tmp_path: Path) -> Conversation:
    return Conversation(tmp_path, minimax.configuration)


async def test_milliseconds_state_and_proof(minimax: MiniMax, login: Conversation) -> None:
    minimax.answers = [PENDING, PENDING]
    assert await login.run("minimax") == Connected("minimax")
    [issued] = [event for event in login.events if isinstance(event, CodeIssued)]
    assert issued.user_code == "MM12-34"
    assert issued.expires_in_s == pytest.approx(300, abs=20)
    assert login.time.slept == [2, 2, 2]
    assert minimax.asked["response_type"] == "code"
    last = minimax.forms[-1]
    assert last["grant_type"] == "urn:ietf:params:oauth:grant-type:user_code"
    assert Proof(Secret(last["code_verifier"])).challenge == minimax.asked["code_challenge"]
    record = login.records["minimax"]
    assert record.access_token == Secret(minimax.access)
    assert record.expires_at == pytest.approx(login.time.wall + 86400, abs=1)


async def test_china_is_a_login_of_its_own(model_server: ModelServer, tmp_path: Path) -> None:
    login = Conversation(tmp_path, MiniMax(model_server, "minimax-cn").configuration)
    assert await login.run("minimax-cn") == Connected("minimax-cn")
    assert set(login.records) == {"minimax-cn"}


async def test_the_answer_to_another_login_is_not_believed(
    minimax: MiniMax, login: Conversation
) -> None:
    minimax.issued["state"] = "another"
    assert (await login.fails("minimax")).reason == "protocol"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (page({"status": "error", "base_resp": {"status_code": 1004}}), "refused"),
        (page({"error": "expired_token"}, 400), "expired"),
        (page({"error": "access_denied"}, 400), "denied"),
        (page({"status": "success"}), "protocol"),
    ],
)
async def test_endings(minimax: MiniMax, login: Conversation, answer: Answer, reason: str) -> None:
    minimax.answers = [answer]
    failed = await login.fails("minimax")
    assert failed.reason == reason


async def test_a_code_that_has_ended_by_a_wrong_clock_is_good_for_a_while(
    minimax: MiniMax, login: Conversation
) -> None:
    minimax.issued["expired_in"] = int((time.time() - 4000) * 1000)
    await login.run("minimax")
    [issued] = [event for event in login.events if isinstance(event, CodeIssued)]
    assert issued.expires_in_s == 900


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (3600, 3600),
        ("3600", 3600),
        (1_800_000_100, 100),
        (1_800_000_100_000, 100),
        (None, None),
        ("soon", None),
    ],
)
def test_ends_by_their_magnitude(said: object, seconds: float | None) -> None:
    assert seconds_until(said, 1_800_000_000) == seconds


@pytest.mark.parametrize(
    ("provider", "domain", "said", "base_url"),
    [
        ("minimax", "minimax.io", "", "https://api.minimax.io/anthropic"),
        ("minimax-cn", "minimaxi.com", "", "https://api.minimaxi.com/anthropic"),
        ("minimax", "minimax.io", "https://eu.minimax.io", "https://eu.minimax.io/anthropic"),
        ("minimax", "minimax.io", "https://evil.example", "https://api.minimax.io/anthropic"),
    ],
)
async def test_its_tokens_are_for_the_anthropic_format(
    tmp_path: Path, provider: str, domain: str, said: str, base_url: str
) -> None:
    registry = registry_of(tmp_path)
    token = Secret(f"{CANARY}-access-0123456789")
    record = TokenRecord(token, extra={"resource_url": said})
    AuthFile(registry.config.paths.auth_file).put(provider, record)
    endpoint = provider_endpoint(provider, registry)
    assert (endpoint.protocol, endpoint.base_url) == ("anthropic", base_url)
    assert endpoint.signer is not None
    headers = await endpoint.signer.headers("POST", base_url, b"")
    assert headers == {"Authorization": f"Bearer {token.reveal()}"}
    assert endpoint.auth_headers() == {}


async def test_a_rotated_token_is_kept_with_its_absolute_end(
    minimax: MiniMax, login: Conversation
) -> None:
    minimax.granted["expired_in"] = int((time.time() + 500) * 1000)
    minimax.granted["refresh_token"] = f"{CANARY}-rotated-0123456789"
    registry = login.context.registry
    store = AuthFile(registry.config.paths.auth_file)
    old = TokenRecord(Secret("old-0123456789"), Secret("old-refresh-0123"), time.time() - 1)
    store.put("minimax", old)
    signer = open_login_signer(registry.get("minimax"), registry)
    await signer.headers("POST", "https://api.minimax.io", b"")
    record = store.read().records["minimax"]
    assert record.refresh_token == Secret(f"{CANARY}-rotated-0123456789")
    assert record.expires_at == pytest.approx(time.time() + 500, abs=20)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("minimax-oauth", "minimax"),
        ("minimax-portal", "minimax"),
        ("minimax-oauth-cn", "minimax-cn"),
        ("minimax-portal-cn", "minimax-cn"),
    ],
)
def test_both_are_found_by_the_names_of_other_tools(typed: str, name: str) -> None:
    login = find_login(typed)
    assert login is not None
    assert login.name == name
