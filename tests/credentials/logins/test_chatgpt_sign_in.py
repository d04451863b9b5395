"""Sign in with ChatGPT against a server that registers apps and signs its tokens."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from koi.core.errors import ProviderError
from koi.core.secret import Secret
from koi.credentials.logins.chatgpt_sign_in import earliest_refresh
from koi.credentials.logins.events import Connected, LoginEvent, SignInOpened
from koi.credentials.logins.table import find_login
from koi.credentials.logins.upkeep import open_login_signer
from koi.credentials.sources.oauth_store import find
from koi.credentials.sources.search import Search
from koi.credentials.stores.auth_file import AuthFile
from koi.credentials.stores.token_record import TokenRecord
from tests.credentials.logins.conversation import Conversation
from tests.servers.answers import JsonObject
from tests.servers.model_server import ModelServer
from tests.servers.oauth_server import html, page, web_token
from tests.servers.sign_in_server import SignIn, new_key


@pytest.fixture(scope="module")
def keys() -> tuple[RSAPrivateKey, RSAPrivateKey]:
    """The server's, and somebody else's."""
    return new_key(), new_key()


@pytest.fixture
def server(model_server: ModelServer, keys: tuple[RSAPrivateKey, RSAPrivateKey]) -> SignIn:
    return SignIn(model_server, keys[0])


@pytest.fixture
def login(server: SignIn, tmp_path: Path) -> Conversation:
    return visited(server, tmp_path)


def visited(server: SignIn, folder: Path, more: str = "") -> Conversation:
    """A login whose person signs in, and pastes where the browser was sent."""
    conversation = Conversation(folder, f"{server.configuration}{more}", real_time=True)

    async def person(event: LoginEvent) -> None:
        if isinstance(event, SignInOpened):
            conversation.context.pasted.put_nowait(server.visit(event.url))

    conversation.on_event = person
    return conversation


def registered(login: Conversation) -> JsonObject:
    extra = login.records["openai-codex"].extra
    return {name: extra[name] for name in ("host_id", "issued_id")}


async def test_the_first_sign_in_registers_this_installation(
    server: SignIn, login: Conversation
) -> None:
    last = await login.run("chatgpt", "browser")
    assert last == Connected("openai-codex", "me@example.com", "pro")
    [visit] = server.visits
    assert visit["client_id"] == "dynamic_agent_client"
    assert visit["agent_name_hint"] == "koi"
    assert visit["ext_agent_host_id"].startswith("urn:uuid:")
    assert visit["resource"] == "https://api.openai.com/v1"
    assert visit["redirect_uri"].startswith("http://127.0.0.1:")
    assert visit["redirect_uri"].endswith("/auth/callback")
    assert visit["code_challenge_method"] == "S256"
    assert "chatgpt.tokens.use.direct" in visit["scope"].split()
    [exchange] = server.forms
    assert exchange["client_id"] == "oaiapp_1"
    assert registered(login) == {"host_id": visit["ext_agent_host_id"], "issued_id": "oaiapp_1"}


async def test_a_later_one_comes_back_as_the_same_installation(
    server: SignIn, login: Conversation
) -> None:
    await login.run("chatgpt", "browser")
    await login.run("chatgpt", "browser")
    first, second = server.visits
    assert second["client_id"] == "oaiapp_1"
    assert second["ext_agent_host_id"] == first["ext_agent_host_id"]
    assert second["login_hint"] == "me@example.com"
    assert "id_token_hint" not in second
    assert "agent_name_hint" not in second
    for fresh in ("state", "nonce", "code_challenge"):
        assert first[fresh] != second[fresh]


async def test_the_registration_is_kept_when_the_exchange_fails(
    server: SignIn, login: Conversation
) -> None:
    server.answers = [page({"error": "server_busy"}, 400)]
    assert (await login.fails("chatgpt", "browser")).reason == "refused"
    assert registered(login)["issued_id"] == "oaiapp_1"
    registry = login.context.registry
    assert find(Search(registry.all, registry.config)) == ()
    await login.run("chatgpt", "browser")
    assert server.visits[1]["client_id"] == "oaiapp_1"


async def test_a_failed_sign_in_leaves_the_login_before_as_it_was(
    server: SignIn, login: Conversation
) -> None:
    await login.run("chatgpt", "browser")
    before = login.records["openai-codex"]
    server.answers = [html(400)]
    await login.fails("chatgpt", "browser")
    assert login.records["openai-codex"] == before


@pytest.mark.parametrize(
    "callback",
    [
        {"client_id": None},
        {"client_id": "dynamic_agent_client"},
        {"client_id": "line\nbreak"},
        {"code": ""},
    ],
)
async def test_a_first_answer_must_name_a_client_id(
    server: SignIn, login: Conversation, callback: dict[str, str | None]
) -> None:
    server.callback = callback
    assert (await login.fails("chatgpt", "browser")).reason == "protocol"
    assert server.forms == []


async def test_an_answer_for_another_registration_is_refused(
    server: SignIn, login: Conversation
) -> None:
    await login.run("chatgpt", "browser")
    server.callback = {"client_id": "oaiapp_2"}
    failed = await login.fails("chatgpt", "browser")
    assert failed.reason == "protocol"
    assert "koi disconnect chatgpt" in failed.hint


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"aud": "oaiapp_2"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"sub": None},
    ],
)
async def test_an_account_that_is_not_proven_is_not_connected(
    server: SignIn, login: Conversation, claims: JsonObject
) -> None:
    server.claims = claims
    assert (await login.fails("chatgpt", "browser")).reason == "protocol"


async def test_somebody_elses_signature_proves_nothing(
    server: SignIn, login: Conversation, keys: tuple[RSAPrivateKey, RSAPrivateKey]
) -> None:
    server.signing_key = keys[1]
    failed = await login.fails("chatgpt", "browser")
    assert failed.reason == "protocol"
    assert "InvalidSignature" in failed.title


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example", "jwks_uri": "https://evil.example/jwks"},
        {"issuer": "SERVER", "jwks_uri": "https://evil.example/jwks"},
        {"issuer": "SERVER"},
    ],
)
async def test_keys_come_from_the_server_itself(
    model_server: ModelServer, login: Conversation, document: dict[str, str]
) -> None:
    said = {name: text.replace("SERVER", model_server.url) for name, text in document.items()}
    model_server.pages["/.well-known/openid-configuration"] = lambda request: page(said)
    assert (await login.fails("chatgpt", "browser")).reason == "protocol"


async def test_another_account_must_be_disconnected_first(
    server: SignIn, login: Conversation
) -> None:
    await login.run("chatgpt", "browser")
    server.subject = "user-2"
    failed = await login.fails("chatgpt", "browser")
    assert "koi disconnect chatgpt" in failed.hint


async def test_without_the_plan_it_is_told_and_asked_for_again(
    server: SignIn, login: Conversation
) -> None:
    granted, server.scope = server.scope, "openid profile"
    failed = await login.fails("chatgpt", "browser")
    assert failed.reason == "refused"
    assert "plan" in failed.title
    server.scope = granted
    await login.run("chatgpt", "browser")
    assert server.visits[1]["prompt"] == "consent"
    await login.run("chatgpt", "browser")
    assert "prompt" not in server.visits[2]


async def test_an_own_client_id_needs_no_registration(server: SignIn, tmp_path: Path) -> None:
    server.issued = "app_mine"
    login = visited(server, tmp_path, 'client_id = "app_mine"\n')
    await login.run("chatgpt", "browser")
    assert server.visits[0]["client_id"] == "app_mine"
    assert "agent_name_hint" not in server.visits[0]


async def test_its_tokens_go_to_the_public_api_and_are_renewed_with_the_resource(
    server: SignIn, login: Conversation
) -> None:
    await login.run("chatgpt", "browser")
    registry = login.context.registry
    signer = open_login_signer(registry.get("openai-codex"), registry)
    assert await signer.base_url("x") == "https://api.openai.com/v1"
    headers = await signer.headers("POST", "https://api.openai.com/v1/responses", b"")
    assert set(headers) == {"Authorization"}
    error = ProviderError("401", kind="auth", status=401)
    age(login)
    assert await signer.refused(error) is True
    refresh = server.forms[1]
    assert refresh["grant_type"] == "refresh_token"
    assert refresh["client_id"] == "oaiapp_1"
    assert login.records["openai-codex"].text("issued_id") == "oaiapp_1"


def age(login: Conversation) -> None:
    """Have the tokens be an hour old, and still good."""
    store = AuthFile(login.context.registry.config.paths.auth_file)
    record = store.read().records["openai-codex"]
    store.put("openai-codex", record.with_extra(issued_at=time.time() - 3000))


async def test_a_token_refused_before_its_time_is_not_spent(
    server: SignIn, login: Conversation
) -> None:
    server.earliest = time.time() + 3000
    await login.run("chatgpt", "browser")
    registry = login.context.registry
    signer = open_login_signer(registry.get("openai-codex"), registry)
    await signer.headers("POST", "https://api.openai.com/v1/responses", b"")
    age(login)
    error = ProviderError("401", kind="auth", status=401)
    assert await signer.refused(error) is False
    assert error.hint == "Connect again: koi connect chatgpt"
    assert len(server.forms) == 1


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (None, None),
        ("soon", None),
        (0, None),
        (1_900_003_240, 1_800_003_240),
        ("1900003240", 1_800_003_240),
        (1_900_003_240_000, 1_800_003_240),
        ("2030-03-17T18:40:40+00:00", 1_800_003_240),
        (1_900_009_999, 1_800_003_600),
    ],
)
def test_the_moment_is_told_by_the_servers_clock(said: object, expected: float | None) -> None:
    token = Secret(web_token(exp=1_900_003_600))
    record = TokenRecord(token, expires_at=1_800_003_600)
    assert earliest_refresh(said, record) == expected


def test_a_moment_after_the_end_is_the_end() -> None:
    assert earliest_refresh(2_000, TokenRecord(Secret("opaque"), expires_at=1_000)) == 1_000


def test_both_ways_are_offered_the_code_first() -> None:
    chatgpt = find_login("chatgpt")
    assert chatgpt is not None
    assert [method.name for method in chatgpt.methods] == ["device", "browser"]
