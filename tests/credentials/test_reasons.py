"""Why a provider is not usable, for every state and source, and with what one is used."""

from __future__ import annotations

import typing
from pathlib import Path

import pytest

from koi.catalogue.registry import Registry
from koi.core.secret import Secret
from koi.credentials.findings import ConsentId, Finding, Source, State
from koi.credentials.reasons import credential_words, why_incomplete, why_not
from tests.configurations import registry_of

KEY = Secret("sk-test-key-0000abcd")
MANIFEST = """protocol_version = 1
name = "Own"
base_url = "http://127.0.0.1:9"
allowed_hosts = ["127.0.0.1"]
framing = "sse"
auth = "none"
"""
OFF = (
    '[providers.openai]\nenabled = false\n[providers.lab]\nbase_url = "https://llm.example.com/v1"'
)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return registry_of(tmp_path)


def found(
    state: State, source: Source, detail: str = "", consent: ConsentId | None = None
) -> Finding:
    return Finding("copilot", source, state, detail=detail, consent=consent)


def reason(registry: Registry, name: str, *findings: Finding) -> str:
    return why_not(registry.get(name), findings)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("anthropic", "no key: ANTHROPIC_API_KEY"),
        ("gemini", "no key: GEMINI_API_KEY"),
        ("bedrock", "no key: BEDROCK_API_KEY or AWS credentials"),
        ("copilot", "no login: koi connect copilot"),
        ("minimax", "no login and no key: koi connect minimax"),
        ("lmstudio", "not looked for yet: localhost:1234"),
    ],
)
def test_without_any_credential_what_is_missing_is_named(
    registry: Registry, name: str, words: str
) -> None:
    assert reason(registry, name) == words


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (found("needs_yes", "Codex CLI", "~/.codex/auth.json", "codex-cli"),
         "needs your yes: Codex CLI's ChatGPT login"),
        (found("needs_yes", "environment", "ANTHROPIC_API_KEY is a subscription token",
               "claude-token"),
         "needs your yes: the token of a Claude subscription"),
        (found("declined", "Claude Code", "~/.claude/.credentials.json", "claude-cli"),
         "you said no to: Claude Code's login"),
        (found("refused", "Qwen Code", "x: the server said: no", "qwen-cli"),
         "refused by the server: Qwen Code's login"),
        (found("refused", "OS keyring"), "refused by the server: the key from the OS keyring"),
        (found("refused", "key file"), "refused by the server: the key from a key file"),
        (found("refused", "environment", "XAI_API_KEY: no"),
         "refused by the server: the key from XAI_API_KEY"),
        (found("refused", "koi login"), "refused by the server: koi's own login"),
        (found("expired", "koi login", "its time is over"), "login expired: koi connect copilot"),
        (found("expired", "Codex CLI", "~/x: it has ended; run `codex` once", "codex-cli"),
         "Codex CLI's ChatGPT login expired: run `codex` once"),
        (found("expired", "Codex CLI"), "Codex CLI login expired"),
        (found("unreadable", "key file", "others can read it"), "others can read it"),
        (found("unreadable", "Qwen Code"), "Qwen Code cannot be read"),
        (found("unreachable", "local probe", "http://127.0.0.1:11434: nothing listens"),
         "not reachable: 127.0.0.1:11434: nothing listens"),
        (found("unreachable", "local probe", "http://gpu:80/x did not answer"),
         "not reachable: gpu:80 did not answer"),
        (found("unreachable", "local probe"), "not reachable"),
        (found("shadowed", "environment", "X: the configuration comes first"),
         "not used: X: the configuration comes first"),
    ],
)  # fmt: skip
def test_each_state_is_told_in_a_few_words(
    registry: Registry, finding: Finding, words: str
) -> None:
    assert reason(registry, "copilot", finding) == words


def test_every_state_of_every_source_has_words(registry: Registry) -> None:
    for state in typing.get_args(State):
        for source in typing.get_args(Source):
            finding = Finding("xai", source, state, models=("m",))
            assert bool(reason(registry, "xai", finding)) == (state != "usable"), (state, source)


def test_a_usable_credential_needs_no_reason(registry: Registry) -> None:
    expired = Finding("xai", "koi login", "expired")
    usable = Finding("xai", "environment", "usable", secret=KEY)
    assert reason(registry, "xai", expired, usable) == ""


def test_the_first_finding_that_can_be_mended_is_spoken_of(registry: Registry) -> None:
    declined = Finding("xai", "Claude Code", "declined")
    expired = Finding("xai", "koi login", "expired")
    assert reason(registry, "xai", declined, expired) == "login expired: koi connect xai"


def test_a_server_without_models_says_how_to_get_one(registry: Registry) -> None:
    empty = Finding("ollama", "local probe", "usable", detail="http://localhost:11434")
    assert reason(registry, "ollama", empty) == "has no models; try: ollama pull llama3.3"


def test_what_is_switched_off_is_so_whatever_was_found(tmp_path: Path) -> None:
    usable = Finding("openai", "environment", "usable", secret=KEY)
    assert reason(registry_of(tmp_path, OFF), "openai", usable) == (
        "switched off in the configuration"
    )


def test_an_address_of_ones_own_needs_a_key_or_says_that_it_does_not(tmp_path: Path) -> None:
    assert reason(registry_of(tmp_path, OFF), "lab") == ""
    broken = Finding("lab", "configuration", "unreadable", detail="LAB_KEY is not set")
    assert reason(registry_of(tmp_path, OFF), "lab", broken) == "LAB_KEY is not set"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('protocol = "wasm"\nplugin = "nosuch.wasm"', "plugin missing: nosuch.toml"),
        ('protocol = "wasm"\nplugin = "folder.wasm"', "plugin folder.toml is not a file"),
        ('protocol = "wasm"', 'protocol = "wasm" needs a plugin'),
        ("context_window = 7", "'own' is not in the catalogue, so it needs a base_url"),
    ],
)
def test_a_table_that_is_not_complete_says_what_it_lacks(
    tmp_path: Path, table: str, words: str
) -> None:
    (tmp_path / "folder.toml").mkdir()
    registry = registry_of(tmp_path, f"[providers.own]\n{table}")
    assert why_incomplete(registry.incomplete["own"]) == words


def test_a_plugin_without_its_module_is_missing(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(MANIFEST)
    registry = registry_of(tmp_path, '[providers.own]\nprotocol = "wasm"\nplugin = "own.wasm"')
    assert reason(registry, "own") == "plugin missing: own.wasm"
    (tmp_path / "own.wasm").touch()
    assert reason(registry, "own") == ""


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (None, "no key needed"),
        (Finding("x", "environment", "usable", KEY.label, "OPENAI_API_KEY"),
         "key …abcd from OPENAI_API_KEY"),
        (Finding("x", "configuration", "usable", KEY.label, "providers.x.api_key"),
         "key …abcd from providers.x.api_key"),
        (Finding("x", "OS keyring", "usable", KEY.label), "key …abcd from the OS keyring"),
        (Finding("x", "key file", "usable", KEY.label), "key …abcd from a key file"),
        (Finding("x", "koi login", "usable", account="me@example.com", subscription=True),
         "GitHub Copilot login, account me@example.com"),
        (Finding("x", "Codex CLI", "usable", account="me", subscription=True),
         "Codex CLI login, account me"),
        (Finding("x", "Codex CLI", "usable", KEY.label), "key …abcd of Codex CLI"),
        (Finding("x", "local probe", "usable", detail="http://localhost:11434"),
         "answers at localhost:11434"),
    ],
)  # fmt: skip
def test_what_a_provider_is_used_with(
    registry: Registry, finding: Finding | None, words: str
) -> None:
    assert credential_words(registry.get("copilot"), finding) == words
