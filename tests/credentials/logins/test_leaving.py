"""Giving a login up."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from koi.catalogue.registry import Registry
from koi.core.secret import Secret
from koi.credentials.logins import leaving
from koi.credentials.logins.leaving import disconnect
from koi.credentials.logins.table import LOGINS, find_login
from koi.credentials.stores.auth_file import AuthFile
from koi.credentials.stores.token_record import TokenRecord
from tests.configurations import registry_of
from tests.servers.answers import Answer, JsonObject
from tests.servers.model_server import ModelServer
from tests.servers.oauth_server import CANARY, Codex, form, html, page

TOKEN, REFRESH = Secret(f"{CANARY}-access-0123456789"), Secret(f"{CANARY}-refresh-0123456789")


async def given_up(registry: Registry, name: str, **extra: object) -> tuple[str, ...]:
    login = find_login(name)
    assert login is not None
    store = AuthFile(registry.config.paths.auth_file)
    record = TokenRecord(TOKEN, REFRESH, time.time() + 60, extra={"client_id": "mine", **extra})
    store.put(login.provider, record)
    store.put("other", TokenRecord(Secret("stays-0123456789")))
    notes = await disconnect(login, registry)
    assert set(AuthFile(registry.config.paths.auth_file).read().records) == {"other"}
    assert CANARY not in repr(notes)
    return notes


async def test_a_login_with_a_code_is_revoked(model_server: ModelServer, tmp_path: Path) -> None:
    codex = Codex(model_server)
    model_server.pages["/oauth/revoke"] = lambda request: page({})
    assert await given_up(registry_of(tmp_path, codex.configuration), "chatgpt") == ()
    assert json.loads(model_server.requests[-1].raw_body) == {
        "token": REFRESH.reveal(),
        "token_type_hint": "refresh_token",
        "client_id": "mine",
    }


async def test_a_sign_in_is_revoked_where_the_server_says(
    model_server: ModelServer, tmp_path: Path
) -> None:
    url = model_server.url
    said: JsonObject = {"revocation_endpoint": f"{url}/revoke"}
    model_server.pages["/.well-known/openid-configuration"] = lambda request: page(said)
    model_server.pages["/revoke"] = lambda request: page({})
    text = f'[oauth.chatgpt-browser]\nauthorize_url = "{url}/a"\ntoken_url = "{url}/t"\n'
    assert await given_up(registry_of(tmp_path, text), "chatgpt", method="browser") == ()
    assert form(model_server.requests[-1])["token"] == REFRESH.reveal()


@pytest.mark.parametrize(
    "place", ["https://evil.example/revoke", "http://openai.com/revoke", None, 5]
)
async def test_tokens_are_not_sent_elsewhere_to_be_revoked(
    model_server: ModelServer, tmp_path: Path, place: object
) -> None:
    url = model_server.url
    said: JsonObject = {"revocation_endpoint": place}
    model_server.pages["/.well-known/openid-configuration"] = lambda request: page(said)
    text = f'[oauth.chatgpt-browser]\nauthorize_url = "{url}/a"\ntoken_url = "{url}/t"\n'
    [note] = await given_up(registry_of(tmp_path, text), "chatgpt", method="browser")
    assert "did not confirm" in note
    assert len(model_server.requests) == 1


@pytest.mark.parametrize("answer", [html(503), page({"error": CANARY}, 400), None])
async def test_a_server_that_does_not_help_keeps_nothing_here(
    model_server: ModelServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer | None,
) -> None:
    monkeypatch.setattr(leaving, "LIMIT_S", 0.05)
    codex = Codex(model_server)
    late = Answer(delay_s=5)
    model_server.pages["/oauth/revoke"] = lambda request: answer or late
    configuration = codex.configuration
    if answer is None:
        configuration = configuration.replace(codex.url, "http://127.0.0.1:1")
    [note] = await given_up(registry_of(tmp_path, configuration), "chatgpt")
    assert "did not confirm" in note


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("copilot", "https://github.com/settings/applications"),
        ("qwen", "end by themselves"),
        ("minimax", "end by themselves"),
    ],
)
async def test_where_nothing_can_be_revoked_it_is_said(
    tmp_path: Path, name: str, words: str
) -> None:
    [note] = await given_up(registry_of(tmp_path), name)
    assert words in note


async def test_nothing_to_give_up_is_no_error(tmp_path: Path) -> None:
    for login in LOGINS:
        assert await disconnect(login, registry_of(tmp_path)) == ()
