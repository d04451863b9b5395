"""ChatGPT's login with a code, against a server with OpenAI's habits."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from koi.core.errors import ProviderError
from koi.core.secret import Secret
from koi.credentials.logins.chatgpt_account import facts_of
from koi.credentials.logins.events import CodeIssued, Connected
from koi.credentials.logins.upkeep import open_login_signer
from koi.credentials.stores.auth_file import AuthFile
from koi.credentials.stores.token_record import TokenRecord
from tests.configurations import registry_of
from tests.credentials.logins.conversation import Conversation
from tests.servers.answers import Answer, JsonObject
from tests.servers.model_server import ModelServer
from tests.servers.oauth_server import CANARY, Codex, html, page, web_token

WAITING = (page({}, 403), page({"error": {"message": "not yet"}}, 404))


@pytest.fixture
def codex(model_server: ModelServer) -> Codex:
    return Codex(model_server)


@pytest.fixture
def login(codex: Codex, tmp_path: Path) -> Conversation:
    return Conversation(tmp_path, codex.configuration)


async def test_the_grant_is_traded_for_tokens_with_the_servers_own_proof(
    codex: Codex, login: Conversation
) -> None:
    codex.answers = [*WAITING]
    last = await login.run("chatgpt")
    assert login.events[0] == CodeIssued("WXYZ-12345", f"{codex.url}/codex/device")
    assert login.time.slept == [5, 5, 5]
    assert last == Connected("openai-codex", "me@example.com", "plus")
    assert codex.exchanges == [
        {
            "grant_type": "authorization_code",
            "client_id": "app_EMoamEEZ73f0CkXaXp7hrann",
            "code": f"{CANARY}-code-0123456789",
            "code_verifier": codex.verifier,
            "redirect_uri": f"{codex.url}/deviceauth/callback",
        }
    ]
    record = login.records["openai-codex"]
    assert record.text("account_id") == "acc-1"
    assert record.refresh_token is not None


async def test_older_servers_spell_the_code_otherwise(codex: Codex, login: Conversation) -> None:
    codex.issued = {"usercode": codex.issued.pop("user_code"), **codex.issued, "interval": "x"}
    await login.run("chatgpt")
    assert isinstance(login.events[0], CodeIssued)


async def test_an_account_without_device_logins_is_told_what_to_do(
    codex: Codex, login: Conversation
) -> None:
    codex.start_answer = page({}, 404)
    failed = await login.fails("chatgpt")
    assert failed.reason == "disabled"
    assert "security settings" in failed.hint
    assert "admin" in failed.hint


async def test_a_code_that_nobody_enters_ends_after_a_quarter_of_an_hour(
    codex: Codex, login: Conversation
) -> None:
    codex.issued["interval"] = "60"
    codex.answers = [WAITING[0]] * 1000
    assert (await login.fails("chatgpt")).reason == "expired"
    assert sum(login.time.slept) == pytest.approx(900, abs=60)


async def test_too_many_questions_and_trouble_are_waited_out(
    codex: Codex, login: Conversation
) -> None:
    codex.answers = [page({}, 429), html(502)]
    assert isinstance(await login.run("chatgpt"), Connected)
    assert [reason for reason, _ in login.waits] == ["pending", "slow_down", "offline", "finishing"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (page({"error": {"code": "access_denied"}}, 403), "denied"),
        (page({"error": "expired_token"}, 400), "expired"),
        (page({"error": "invalid_client"}, 400), "refused"),
        (page({}, 200), "protocol"),
    ],
)
async def test_endings(codex: Codex, login: Conversation, answer: Answer, reason: str) -> None:
    codex.answers = [answer]
    assert (await login.fails("chatgpt")).reason == reason


async def test_trouble_at_the_last_step_is_tried_again(codex: Codex, login: Conversation) -> None:
    codex.exchange_answers = [html(503), html(503)]
    assert isinstance(await login.run("chatgpt"), Connected)
    assert len(codex.exchanges) == 3


@pytest.mark.parametrize(
    ("answers", "reason"),
    [([html(503)] * 3, "offline"), ([page({"error": "invalid_grant"}, 400)], "refused")],
)
async def test_a_last_step_that_fails_keeps_nothing(
    codex: Codex, login: Conversation, answers: list[Answer], reason: str
) -> None:
    codex.exchange_answers = answers
    assert (await login.fails("chatgpt")).reason == reason


@pytest.mark.parametrize(
    ("claims", "account"),
    [
        ({"https://api.openai.com/auth": {"chatgpt_account_id": "a"}}, "a"),
        ({"chatgpt_account_id": "b"}, "b"),
        ({"organizations": [{"id": "c"}, {"id": "d"}]}, "c"),
        ({"chatgpt_account_id": "line\nbreak"}, None),
        ({"organizations": []}, None),
        ({}, None),
    ],
)
def test_the_account_is_told_in_several_ways(claims: JsonObject, account: str | None) -> None:
    assert facts_of(Secret(web_token(**claims))).get("account_id") == account


def test_the_first_token_that_tells_something_counts() -> None:
    first = Secret(web_token(email="me@example.com"))
    profile = {"email": "other@example.com"}
    second = Secret(
        web_token(chatgpt_account_id="b", **{"https://api.openai.com/profile": profile})
    )
    assert facts_of(first, second) == {"account": "me@example.com", "account_id": "b"}
    assert facts_of(None, Secret("opaque"), Secret("a.!.c"), Secret("a.W10.c")) == {}


async def test_requests_name_the_account_and_go_to_chatgpts_back_end(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    token = Secret(f"{CANARY}-access-0123456789")
    record = TokenRecord(token, extra={"account_id": "acc-1", "method": "device"})
    AuthFile(registry.config.paths.auth_file).put("openai-codex", record)
    signer = open_login_signer(registry.get("openai-codex"), registry)
    base_url = "https://chatgpt.com/backend-api/codex"
    assert await signer.base_url("https://elsewhere.example") == base_url
    assert await signer.headers("POST", f"{base_url}/responses", b"") == {
        "Authorization": f"Bearer {token.reveal()}",
        "ChatGPT-Account-Id": "acc-1",
        "originator": "koi",
    }


async def test_tokens_are_renewed_with_json_and_the_plan_is_looked_up_again(
    codex: Codex, login: Conversation
) -> None:
    await login.run("chatgpt")
    codex.claims["https://api.openai.com/auth"] = {"chatgpt_plan_type": "pro"}
    registry = login.context.registry
    store = AuthFile(registry.config.paths.auth_file)
    old = store.read().records["openai-codex"]
    assert old.refresh_token is not None
    expired = TokenRecord(
        old.access_token, old.refresh_token, time.time() - 1, old.id_token, old.extra
    )
    store.put("openai-codex", expired)
    signer = open_login_signer(registry.get("openai-codex"), registry)
    headers = await signer.headers("POST", "https://chatgpt.com/backend-api", b"")
    assert headers["ChatGPT-Account-Id"] == "acc-1"
    assert codex.refreshes == [
        {
            "grant_type": "refresh_token",
            "client_id": "app_EMoamEEZ73f0CkXaXp7hrann",
            "refresh_token": old.refresh_token.reveal(),
        }
    ]
    assert store.read().records["openai-codex"].plan == "pro"


@pytest.mark.parametrize(
    "answer", [page({}, 401), page({"error": {"code": "refresh_token_reused"}}, 400)]
)
async def test_a_spent_refresh_token_asks_to_connect_again(
    codex: Codex, login: Conversation, answer: Answer
) -> None:
    registry = login.context.registry
    token = Secret(f"{CANARY}-access-0123456789")
    record = TokenRecord(token, Secret("spent-0123456789"), time.time() - 1)
    AuthFile(registry.config.paths.auth_file).put("openai-codex", record)
    codex.exchange_answers = [answer]
    signer = open_login_signer(registry.get("openai-codex"), registry)
    with pytest.raises(ProviderError) as caught:
        await signer.headers("POST", "https://chatgpt.com", b"")
    assert caught.value.hint == "Connect again: koi connect chatgpt"
