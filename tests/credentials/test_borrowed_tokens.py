"""Tokens of other programs on the wire: only after a yes, only to their own place, as koi."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from koi import __version__
from koi.catalogue.catalogue import Catalogue, load_catalogue
from koi.catalogue.registry import Registry
from koi.core.errors import ConfigurationError, CredentialMissing, KoiError, ProviderError
from koi.core.messages import Message, ModelRequest, Text
from koi.core.provider_events import TextDelta
from koi.credentials.discovery import SOURCES, discover, find_credentials
from koi.credentials.settings import provider_endpoint
from koi.credentials.sources import keychain
from koi.credentials.stores import keyring_store
from koi.credentials.stores.saved_keys import save_key
from koi.providers.http_provider import HttpProvider
from tests.configurations import paths_in
from tests.credentials.keyrings import Memory, keyring_with
from tests.credentials.layouts import (
    CLAUDE,
    CLAUDE_TOKEN,
    CODEX,
    HOUR,
    KEY,
    QWEN_TOKEN,
    Home,
    claude,
    claude_document,
    codex,
    codex_document,
    home_with,
    key_file,
    qwen,
    table,
    variable,
    yes,
)
from tests.servers.answers import Answer, failure, text
from tests.servers.model_server import ModelServer, RecordedRequest

HELLO = ModelRequest("some-model", (Message("user", (Text("Hello"),)),), system="I am koi.")
ONLY_ITS_OWN = (
    "This credential is only authorized for use with Claude Code and cannot be used for other "
    "API requests."
)


@pytest.fixture(autouse=True)
def back_end(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """The OS keyring of this test."""
    kept = Memory()
    monkeypatch.setattr(keyring_store, "_the_keyring", keyring_with(kept))
    return kept


def at(server: ModelServer, home: Home) -> Registry:
    """The registry of a home, in a world where every vendor is that server."""
    rows = [
        msgspec.structs.replace(
            row,
            company=msgspec.structs.replace(row.company, base_url=server.url, models_url=None),
            alternates=(),
        )
        for row in load_catalogue().rows
    ]
    return Registry(home.registry().config, Catalogue(rows))


async def ask(registry: Registry, name: str = "anthropic") -> str:
    provider = HttpProvider(provider_endpoint(name, registry))
    try:
        events = [event async for event in provider.stream(HELLO)]
    finally:
        await provider.aclose()
    return "".join(event.delta for event in events if isinstance(event, TextDelta))


async def bearer(registry: Registry, name: str) -> dict[str, str]:
    endpoint = provider_endpoint(name, registry)
    assert endpoint.signer is not None
    return await endpoint.signer.headers("POST", f"{endpoint.base_url}/responses", b"{}")


async def test_a_claude_login_is_sent_as_koi_with_its_beta_header(
    model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.script(text("Hi"))
    registry = at(model_server, home_with(tmp_path, claude(), yes("claude-cli")))
    assert await ask(registry) == "Hi"
    [request] = model_server.model_requests
    assert request.headers["authorization"] == f"Bearer {CLAUDE_TOKEN}"
    assert request.headers["anthropic-beta"] == "oauth-2025-04-20"
    assert request.headers["user-agent"] == f"koi/{__version__}"
    assert "x-api-key" not in request.headers
    assert "Claude Code" not in json.dumps(request.body)


@pytest.mark.parametrize("name", ["ANTHROPIC_OAUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"])
async def test_a_token_in_a_variable_is_sent_the_same_way(
    model_server: ModelServer, tmp_path: Path, name: str
) -> None:
    model_server.script(text("Hi"))
    home = home_with(tmp_path, variable(name, CLAUDE_TOKEN), yes("claude-token"))
    assert await ask(at(model_server, home)) == "Hi"
    headers = model_server.model_requests[0].headers
    assert headers["authorization"] == f"Bearer {CLAUDE_TOKEN}"
    assert headers["anthropic-beta"] == "oauth-2025-04-20"
    assert "x-api-key" not in headers


async def test_without_a_yes_no_token_ever_reaches_a_server(
    model_server: ModelServer, tmp_path: Path
) -> None:
    home = home_with(
        tmp_path,
        claude(),
        codex(),
        qwen(),
        variable("ANTHROPIC_OAUTH_TOKEN", CLAUDE_TOKEN),
        variable("CLAUDE_CODE_OAUTH_TOKEN", CLAUDE_TOKEN),
        variable("ANTHROPIC_API_KEY", CLAUDE_TOKEN),
        key_file("anthropic", CLAUDE_TOKEN),
    )
    registry = at(model_server, home)
    found = await discover(registry, sources=SOURCES)
    assert found.providers == ()
    for provider in registry.all:
        try:
            opened = HttpProvider(provider_endpoint(provider.name, registry))
        except KoiError:
            continue
        assert await opened.is_available() is not None
        with pytest.raises(KoiError):
            async for _ in opened.stream(HELLO):
                pass
        await opened.aclose()
    sent = repr([(request.headers, request.raw_body) for request in model_server.requests])
    assert model_server.requests
    assert "canary" not in sent


async def test_a_yes_does_not_send_a_token_to_another_host(
    model_server: ModelServer, tmp_path: Path
) -> None:
    home = home_with(
        tmp_path,
        claude(),
        codex(),
        qwen(),
        variable("ANTHROPIC_OAUTH_TOKEN", CLAUDE_TOKEN),
        *(yes(name) for name in ("claude-cli", "claude-token", "codex-cli", "qwen-cli")),
        *(
            table(f'[providers.{name}]\nbase_url = "{model_server.url}/v1"\n')
            for name in ("anthropic", "openai-codex", "qwen-code")
        ),
    )
    registry = home.registry()
    for name in ("anthropic", "openai-codex", "qwen-code"):
        with pytest.raises(CredentialMissing, match="no key for") as caught:
            provider_endpoint(name, registry)
        assert "it is valid at" in caught.value.hint
        assert f"providers.{name}.base_url names http://127.0.0.1:" in caught.value.hint


@pytest.mark.parametrize("place", ["http://api.anthropic.com", "https://api.anthropic.com:8443"])
async def test_a_yes_is_for_the_vendors_own_port_and_encryption(tmp_path: Path, place: str) -> None:
    configured = table(f'[providers.anthropic]\nbase_url = "{place}"\n')
    home = home_with(tmp_path, claude(), yes("claude-cli"), configured)
    with pytest.raises(CredentialMissing, match="no key for"):
        provider_endpoint("anthropic", home.registry())


@pytest.mark.parametrize("name", ["work", "openai"])
async def test_a_claude_token_is_not_sent_as_a_key_of_something_else(
    tmp_path: Path, name: str
) -> None:
    elsewhere = f'[providers.{name}]\nbase_url = "https://llm.example.com/v1"\n'
    home = home_with(tmp_path, table(f'{elsewhere}api_key = "{CLAUDE_TOKEN}"\n'))
    with pytest.raises(ConfigurationError, match="is a subscription token"):
        provider_endpoint(name, home.registry())


async def test_a_variable_does_not_lead_a_qwen_login_elsewhere(tmp_path: Path) -> None:
    elsewhere = variable("QWEN_OAUTH_RESOURCE_URL", "https://evil.example")
    home = home_with(tmp_path, qwen(resource_url=""), yes("qwen-cli"), elsewhere)
    endpoint = provider_endpoint("qwen-code", home.registry())
    assert endpoint.base_url == "https://dashscope.aliyuncs.com/compatible-mode/v1"


async def test_a_login_that_its_owner_renewed_is_read_again(
    model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.script(text("one"), text("two"))
    registry = at(model_server, home_with(tmp_path, claude(), yes("claude-cli")))
    provider = HttpProvider(provider_endpoint("anthropic", registry))
    for token in (CLAUDE_TOKEN, "sk-ant-oat01-canary-renewed"):
        (tmp_path / CLAUDE).write_text(json.dumps(claude_document(accessToken=token)))
        async for _ in provider.stream(HELLO):
            pass
    await provider.aclose()
    sent = [request.headers["authorization"] for request in model_server.model_requests]
    assert sent == [f"Bearer {CLAUDE_TOKEN}", "Bearer sk-ant-oat01-canary-renewed"]


async def test_a_refusal_while_its_owner_renews_it_is_sent_again(
    model_server: ModelServer, tmp_path: Path
) -> None:
    def renew(request: RecordedRequest) -> Answer:
        renewed = claude_document(accessToken="sk-ant-oat01-canary-renewed")
        (tmp_path / CLAUDE).write_text(json.dumps(renewed))
        return failure(401, "token expired")

    model_server.script(renew, text("Hi"))
    assert await ask(at(model_server, home_with(tmp_path, claude(), yes("claude-cli")))) == "Hi"


async def test_requests_at_the_same_time_that_are_refused_all_get_the_renewed_token(
    model_server: ModelServer, tmp_path: Path
) -> None:
    both = threading.Barrier(2)

    def renew(request: RecordedRequest) -> Answer:
        renewed = tmp_path / f"renewed-{id(request)}"
        renewed.write_text(json.dumps(claude_document(accessToken="sk-ant-oat01-canary-renewed")))
        renewed.replace(tmp_path / CLAUDE)
        both.wait(30)
        return failure(401, "token expired")

    model_server.script(renew, renew, text("Hi"), text("Hi"))
    registry = at(model_server, home_with(tmp_path, claude(), yes("claude-cli")))
    provider = HttpProvider(provider_endpoint("anthropic", registry))

    async def once() -> None:
        async for _ in provider.stream(HELLO):
            pass

    await asyncio.gather(once(), once())
    await provider.aclose()
    sent = [request.headers["authorization"][-7:] for request in model_server.model_requests]
    assert sent[2:] == ["renewed", "renewed"]


@pytest.mark.parametrize(
    ("status", "words"), [(401, "no"), (403, "not for you"), (400, ONLY_ITS_OWN)]
)
async def test_a_refusal_is_told_in_the_servers_words_and_ends_the_use(
    model_server: ModelServer, tmp_path: Path, status: int, words: str
) -> None:
    model_server.script(failure(status, words))
    registry = at(model_server, home_with(tmp_path, claude(), yes("claude-cli")))
    provider = HttpProvider(provider_endpoint("anthropic", registry))
    with pytest.raises(ProviderError) as caught:
        async for _ in provider.stream(HELLO):
            pass
    assert words in caught.value.title
    assert caught.value.kind == "auth"
    assert "ANTHROPIC_API_KEY" in caught.value.hint
    assert "koi connect anthropic" in caught.value.hint
    with pytest.raises(CredentialMissing, match="was refused"):
        async for _ in provider.stream(HELLO):
            pass
    await provider.aclose()
    assert len(model_server.model_requests) == 1
    (found,) = find_credentials(registry.get("anthropic"), registry).of("anthropic")
    assert found.state == "refused"
    assert words in found.detail


async def test_after_a_refusal_the_next_source_is_used(
    model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.script(failure(401, "no"), text("Hi"))
    home = home_with(tmp_path, claude(), yes("claude-cli"), key_file("anthropic"))
    registry = at(model_server, home)
    with pytest.raises(ProviderError):
        await ask(registry)
    assert await ask(registry) == "Hi"
    assert model_server.model_requests[1].headers["x-api-key"] == KEY


async def test_other_mistakes_in_a_request_are_no_refusal(
    model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.script(failure(400, "messages: too short"), text("Hi"))
    registry = at(model_server, home_with(tmp_path, claude(), yes("claude-cli")))
    with pytest.raises(ProviderError) as caught:
        await ask(registry)
    assert caught.value.kind == "bad_request"
    assert await ask(registry) == "Hi"


async def test_a_token_that_a_server_repeats_is_not_shown(
    model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.script(failure(401, f"bad token {CLAUDE_TOKEN}"))
    registry = at(model_server, home_with(tmp_path, claude(), yes("claude-cli")))
    with pytest.raises(ProviderError) as caught:
        await ask(registry)
    found = find_credentials(registry.get("anthropic"), registry)
    assert CLAUDE_TOKEN not in f"{caught.value!r}{caught.value.title}{found}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda file: file.unlink(), "holds none any more"),
        (lambda file: file.write_text("{"), "is not JSON"),
        (lambda file: file.write_text(json.dumps(claude_document(-HOUR))), "it has ended"),
    ],
)
async def test_a_login_that_goes_away_meanwhile_is_said(
    model_server: ModelServer, tmp_path: Path, change: Callable[[Path], object], words: str
) -> None:
    registry = at(model_server, home_with(tmp_path, claude(), yes("claude-cli")))
    endpoint = provider_endpoint("anthropic", registry)
    change(tmp_path / CLAUDE)
    with pytest.raises(CredentialMissing, match=words):
        async for _ in HttpProvider(endpoint).stream(HELLO):
            pass
    assert model_server.requests == []


async def test_the_file_of_another_program_is_left_as_it_is(
    model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.script(text("Hi"))
    registry = at(model_server, home_with(tmp_path, claude(mode=0o644), yes("claude-cli")))
    before = ((tmp_path / CLAUDE).read_bytes(), (tmp_path / CLAUDE).stat())
    await ask(registry)
    after = ((tmp_path / CLAUDE).read_bytes(), (tmp_path / CLAUDE).stat())
    assert files_with(CLAUDE_TOKEN, tmp_path) == [tmp_path / CLAUDE]
    assert (before[0], before[1].st_mtime_ns, before[1].st_mode) == (
        after[0],
        after[1].st_mtime_ns,
        after[1].st_mode,
    )


def files_with(text: str, folder: Path) -> list[Path]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [file for file in files if text.encode() in file.read_bytes()]


async def test_a_codex_login_names_its_account(model_server: ModelServer, tmp_path: Path) -> None:
    registry = at(model_server, home_with(tmp_path, codex(), yes("codex-cli")))
    (found,) = find_credentials(registry.get("openai-codex"), registry).of("openai-codex")
    assert found.account == "me@example.org (plus)"
    headers = await bearer(registry, "openai-codex")
    assert headers["ChatGPT-Account-Id"] == "acc-1"
    kept = json.loads((tmp_path / CODEX).read_text())
    assert headers["Authorization"] == f"Bearer {kept['tokens']['access_token']}"


async def test_a_codex_login_in_the_keyring_is_read_after_a_yes(
    model_server: ModelServer, tmp_path: Path, back_end: Memory
) -> None:
    home = home_with(tmp_path, yes("codex-cli"))
    (tmp_path / ".codex").mkdir()
    (tmp_path / ".codex/config.toml").write_text('cli_auth_credentials_store = "keyring"\n')
    registry = at(model_server, home)
    from koi.credentials.sources.codex import keyring_account

    place = ("Codex Auth", keyring_account(registry.config))
    back_end.kept[place] = json.dumps(codex_document())
    assert place[1].startswith("cli|")
    (found,) = (await discover(registry, sources=SOURCES)).of("openai-codex")
    assert (found.state, found.account) == ("usable", "me@example.org (plus)")
    assert (await bearer(registry, "openai-codex"))["ChatGPT-Account-Id"] == "acc-1"


async def test_a_codex_file_that_is_written_just_now_is_read_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = home_with(tmp_path, codex(key=KEY)).registry()
    whole = (tmp_path / CODEX).read_bytes()
    (tmp_path / CODEX).write_bytes(whole[:40])

    def finish(seconds: float) -> None:
        (tmp_path / CODEX).write_bytes(whole)

    monkeypatch.setattr("koi.credentials.sources.codex.time.sleep", finish)
    found = find_credentials(registry.get("openai"), registry)
    assert found.providers == ("openai",)


async def test_a_qwen_login_goes_to_the_place_that_it_names(tmp_path: Path) -> None:
    registry = home_with(tmp_path, qwen(), yes("qwen-cli")).registry()
    endpoint = provider_endpoint("qwen-code", registry)
    assert endpoint.base_url == "https://portal.qwen.ai/v1"
    assert endpoint.signer is not None
    url = f"{endpoint.base_url}/chat/completions"
    headers = await endpoint.signer.headers("POST", url, b"{}")
    assert headers == {"Authorization": f"Bearer {QWEN_TOKEN}"}
    with pytest.raises(CredentialMissing, match="another place"):
        await endpoint.signer.headers("POST", "https://dashscope.aliyuncs.com/v1/models", b"")


async def test_a_qwen_login_does_not_go_where_the_network_rules_forbid(tmp_path: Path) -> None:
    rule = '[network]\ndefault_deny = true\nprovider_allowed_hosts = ["dashscope.aliyuncs.com"]\n'
    registry = home_with(tmp_path, qwen(), yes("qwen-cli"), table(rule)).registry()
    with pytest.raises(ProviderError, match=r"the host portal\.qwen\.ai is not allowed"):
        provider_endpoint("qwen-code", registry)


@pytest.fixture
def security(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `security` that writes down how it was called; with -w it prints Claude Code's login."""
    calls, script = tmp_path / "calls", tmp_path / "security"
    (tmp_path / "login.json").write_text(json.dumps(claude_document()))
    script.write_text(
        f'#!/bin/sh\necho "$*" >> {calls}\n'
        f'for word; do [ "$word" = -w ] && cat {tmp_path}/login.json; done\nexit 0\n'
    )
    script.chmod(0o700)
    monkeypatch.setattr(keychain, "ON_MAC", True)
    monkeypatch.setattr(keychain, "COMMAND", str(script))
    return calls


def lines_of(file: Path) -> list[str]:
    return file.read_text().splitlines()


async def test_the_keychain_is_only_looked_into_when_a_request_needs_it(
    model_server: ModelServer, tmp_path: Path, security: Path
) -> None:
    asked = "find-generic-password -s Claude Code-credentials -a me"
    registry = at(model_server, home_with(tmp_path, yes("claude-keychain")))
    found = await discover(registry, sources=SOURCES)
    provider = HttpProvider(provider_endpoint("anthropic", registry))
    assert [(each.source, each.state) for each in found.of("anthropic")] == [
        ("macOS Keychain", "usable")
    ]
    assert lines_of(security) == [asked, asked]
    model_server.script(text("one"), text("two"))
    for _ in range(2):
        async for _event in provider.stream(HELLO):
            pass
    await provider.aclose()
    assert lines_of(security) == [asked, asked, f"{asked} -w"]
    assert model_server.requests[1].headers["authorization"] == f"Bearer {CLAUDE_TOKEN}"


async def test_a_folder_of_its_own_has_a_keychain_entry_of_its_own(
    tmp_path: Path, security: Path
) -> None:
    home = home_with(tmp_path, variable("CLAUDE_CONFIG_DIR", "/home/me/clau\u0301de"))
    await discover(home.registry(), sources=SOURCES)
    digest = hashlib.sha256("/home/me/cla\u00fade".encode()).hexdigest()
    assert f"-s Claude Code-credentials-{digest[:8]} -a me" in lines_of(security)[0]


async def test_a_saved_github_token_is_exchanged_and_others_are_bearers(tmp_path: Path) -> None:
    exchanged = home_with(tmp_path, key_file("copilot", "ghu_0123456789")).registry()
    assert provider_endpoint("copilot", exchanged).signer is not None
    direct = home_with(tmp_path, key_file("copilot", "gho_0123456789")).registry()
    endpoint = provider_endpoint("copilot", direct)
    assert (endpoint.signer, endpoint.auth) == (None, "bearer")


async def test_a_saved_key_of_bedrock_is_a_bearer(tmp_path: Path) -> None:
    registry = home_with(tmp_path, key_file("bedrock")).registry()
    endpoint = provider_endpoint("bedrock", registry)
    assert (endpoint.signer, endpoint.auth) == (None, "bearer")


async def test_a_key_in_the_keyring_is_sent(model_server: ModelServer, tmp_path: Path) -> None:
    from koi.core.secret import Secret

    registry = at(model_server, home_with(tmp_path))
    save_key(paths_in(tmp_path), "anthropic", Secret(KEY))
    model_server.script(text("Hi"))
    assert await ask(registry) == "Hi"
    assert model_server.model_requests[0].headers["x-api-key"] == KEY


async def test_a_missing_key_names_what_was_found_and_why_it_is_not_used(tmp_path: Path) -> None:
    registry = home_with(tmp_path, claude()).registry()
    with pytest.raises(CredentialMissing) as caught:
        provider_endpoint("anthropic", registry)
    hint = caught.value.hint
    assert "Or: koi connect anthropic." in hint
    assert f"{os.path.join(tmp_path, CLAUDE)} (needs your yes: koi connect claude-cli)." in hint
