"""All sources side by side: what is slow, hangs or fails holds up nothing and hides nothing."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from koi.core.errors import StorageError
from koi.core.secret import Secret
from koi.credentials import discovery
from koi.credentials.discovery import (
    SOURCES,
    Look,
    Source,
    discover,
    find_credentials,
    look_ahead,
)
from koi.credentials.findings import ENVIRONMENT, KEY_FILE, Finding
from koi.credentials.oauth.signer import LoginSigner
from koi.credentials.settings import provider_endpoint
from koi.credentials.sources.local import probe_local
from koi.credentials.sources.search import Search
from koi.credentials.stores import keyring_store
from koi.credentials.stores.back_end import BackEnd
from tests.configurations import registry_of
from tests.credentials.keyrings import Hanging, Memory, Raising, keyring_with
from tests.credentials.layouts import (
    CLAUDE,
    KEY,
    home_with,
    huge,
    in_keyring,
    key_file,
    login,
    table,
    variable,
    yes,
)
from tests.servers.answers import Answer
from tests.servers.model_server import ModelServer


def giving(*findings: Finding) -> Look:
    return lambda search: findings


def raising(error: BaseException) -> Look:
    def find(search: Search) -> tuple[Finding, ...]:
        raise error

    return find


def use_keyring(monkeypatch: pytest.MonkeyPatch, back_end: BackEnd, limit_s: float = 5.0) -> None:
    monkeypatch.setattr(keyring_store, "_the_keyring", keyring_with(back_end, limit_s=limit_s))


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (StorageError("cannot read it"), "odd: cannot read it"),
        (ValueError(f"bad value {KEY}"), "odd: ValueError"),
        (SystemExit(3), "odd: SystemExit"),
        (RecursionError(), "odd: RecursionError"),
    ],
)
async def test_a_source_that_fails_is_a_note_without_what_it_tripped_over(
    tmp_path: Path, error: BaseException, note: str
) -> None:
    good = Finding("openai", ENVIRONMENT, "usable")
    sources = (Source("odd", raising(error)), Source("good", giving(good)))
    found = await discover(registry_of(tmp_path), sources=sources)
    assert found.notes == (note,)
    assert found.of("openai") == (good,)


async def test_a_source_that_hangs_is_noted_and_left_to_its_daemon_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "BUDGET_S", 0.05)
    release, threads = threading.Event(), list[threading.Thread]()

    def hang(search: Search) -> tuple[Finding, ...]:
        threads.append(threading.current_thread())
        release.wait(30)
        return ()

    good = Finding("openai", ENVIRONMENT, "usable")
    sources = (Source("stuck", hang), Source("good", giving(good)))
    found = await discover(registry_of(tmp_path), sources=sources)
    assert found.notes == ("stuck: did not answer within 0.05 s",)
    assert found.of("openai") == (good,)
    assert [(thread.daemon, thread.is_alive()) for thread in threads] == [(True, True)]
    release.set()


async def test_the_order_is_that_of_the_sources_whoever_is_first(tmp_path: Path) -> None:
    second_done = threading.Event()
    first, second = (
        Finding("openai", source, "usable", detail=source) for source in (ENVIRONMENT, KEY_FILE)
    )

    def slow(search: Search) -> tuple[Finding, ...]:
        second_done.wait(30)
        return (first,)

    def quick(search: Search) -> tuple[Finding, ...]:
        second_done.set()
        return (second,)

    sources = (Source("slow", slow), Source("quick", quick))
    found = await discover(registry_of(tmp_path), sources=sources)
    assert [each.source for each in found.of("openai")] == [ENVIRONMENT, KEY_FILE]


async def test_a_hanging_keyring_and_a_huge_file_hold_up_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_end = Hanging()
    use_keyring(monkeypatch, back_end)
    home = home_with(
        tmp_path, huge(CLAUDE), yes("claude-cli"), in_keyring("groq"), variable("OPENAI_API_KEY")
    )
    found = await discover(home.registry(), sources=SOURCES)
    assert found.notes == ()
    assert found.providers == ("openai", "groq")
    assert back_end.asked == []
    back_end.release.set()


async def test_a_full_search_that_the_keyring_does_not_answer_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_end = Hanging()
    use_keyring(monkeypatch, back_end, limit_s=0.05)
    home = home_with(tmp_path, in_keyring("groq"), variable("OPENAI_API_KEY"))
    found = await discover(home.registry(), thorough=True, sources=SOURCES)
    (groq,) = found.of("groq")
    assert (groq.state, groq.detail) == (
        "unreadable",
        "the OS keyring did not answer within 0.05 s",
    )
    back_end.release.set()


async def test_a_full_search_finds_keys_that_were_put_there_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_with(tmp_path, in_keyring("groq", listed=False))
    use_keyring(monkeypatch, home.keyring)
    registry = home.registry()
    assert (await discover(registry, sources=SOURCES)).providers == ()
    assert (await discover(registry, thorough=True, sources=SOURCES)).providers == ("groq",)
    found = find_credentials(registry.get("groq"), registry)
    assert found.usable("groq") == Finding(
        "groq", "OS keyring", "usable", "…6789", "koi/groq, keyrings", secret=Secret(KEY)
    )


async def test_codexs_keyring_is_not_looked_into_without_a_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_with(tmp_path)
    (tmp_path / ".codex").mkdir()
    (tmp_path / ".codex/config.toml").write_text('cli_auth_credentials_store = "keyring"\n')
    use_keyring(monkeypatch, home.keyring)
    found = await discover(home.registry(), thorough=True, sources=SOURCES)
    (codex,) = found.of("openai-codex")
    assert (codex.state, codex.consent) == ("needs_yes", "codex-cli")
    assert {service for service, _ in home.keyring.asked} == {"koi"}


def test_a_key_put_there_by_hand_is_the_last_resort_of_what_needs_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_end = Memory()
    use_keyring(monkeypatch, back_end)
    own = table('[providers.work]\nbase_url = "https://llm.example.com/v1"\n')
    registry = home_with(tmp_path, own, variable("GROQ_API_KEY")).registry()
    for name in ("groq", "openai", "work", "ollama"):
        find_credentials(registry.get(name), registry)
    assert back_end.asked == [("koi", "openai")]


def test_the_keyring_is_not_asked_when_something_comes_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_with(tmp_path, in_keyring("groq"), variable("GROQ_API_KEY"))
    use_keyring(monkeypatch, home.keyring)
    registry = home.registry()
    assert find_credentials(registry.get("groq"), registry).providers == ("groq",)
    assert home.keyring.asked == []


def test_a_key_file_takes_over_from_a_keyring_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_keyring(monkeypatch, Raising(RuntimeError("locked")))
    registry = home_with(tmp_path, in_keyring("groq"), key_file("groq")).registry()
    found = find_credentials(registry.get("groq"), registry)
    assert [(each.source, each.state) for each in found.of("groq")] == [
        ("OS keyring", "unreadable"),
        ("key file", "usable"),
    ]


async def test_looking_ahead_asks_the_keyring_away_from_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_end = Hanging()
    use_keyring(monkeypatch, back_end)
    home = home_with(tmp_path, in_keyring("groq"))
    back_end.kept = home.keyring.kept
    registry = home.registry()
    ahead = asyncio.create_task(look_ahead([registry.get("groq")], registry))
    await asyncio.sleep(0)
    assert not ahead.done()
    back_end.release.set()
    await ahead
    endpoint = provider_endpoint("groq", registry)
    assert endpoint.key == Secret(KEY)
    assert back_end.asked == [("koi", "groq")]


def test_a_login_of_koi_is_sent_by_its_own_signer(tmp_path: Path) -> None:
    registry = home_with(tmp_path, login("qwen-code")).registry()
    assert isinstance(provider_endpoint("qwen-code", registry).signer, LoginSigner)


async def test_local_servers_are_looked_for_on_request(
    model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.pages["/api/tags"] = lambda request: Answer(body=b'{"models": [{"name": "m:1"}]}')
    home = home_with(
        tmp_path,
        variable("OLLAMA_HOST", model_server.url),
        table(f'[providers.lmstudio]\nbase_url = "{model_server.url}/v1"\n'),
        table('[providers.vllm]\nbase_url = "http://127.0.0.1:9/v1"\n'),
        variable("LLAMA_ARG_HOST", "127.0.0.1"),
        variable("LLAMA_ARG_PORT", "9"),
    )
    found = {each.provider: each for each in await probe_local(home.registry())}
    assert (found["ollama"].state, found["ollama"].models) == ("usable", ("m:1",))
    assert (found["lmstudio"].state, found["lmstudio"].models) == ("usable", ("scripted-model",))
    assert found["vllm"].state == "unreachable"
    assert found["llamacpp"].detail == "http://127.0.0.1:9/v1: nothing listens"


async def test_something_else_on_the_port_is_no_local_server(
    model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.pages["/x/models"] = lambda request: Answer(body=b"<html>")
    text = f'[providers.lmstudio]\nbase_url = "{model_server.url}/x"\n'
    found = {each.provider: each for each in await probe_local(registry_of(tmp_path, text))}
    assert (found["lmstudio"].state) == "unreachable"
    assert "is not a server of models" in found["lmstudio"].detail
