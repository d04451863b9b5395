"""What is said of each credential, word by word."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.credentials.findings import (
    CLAUDE_CODE,
    CODEX_CLI,
    CONFIGURATION,
    ENVIRONMENT,
    KEY_FILE,
    KOI_LOGIN,
    LOCAL_PROBE,
    OS_KEYRING,
    QWEN_CLI,
    Discovery,
    Finding,
    ranked,
)
from koi.credentials.status import ProviderStatus, remaining, statuses, until
from tests.configurations import registry_of

NOW = 1_800_000_000.0
ENV_KEY = Finding("anthropic", ENVIRONMENT, "usable", "…abcd", "ANTHROPIC_API_KEY")


def rows(folder: Path, *findings: Finding) -> tuple[ProviderStatus, ...]:
    return statuses(registry_of(folder), ranked(tuple((each,) for each in findings)), NOW)


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (ENV_KEY, "connected (API key from ANTHROPIC_API_KEY)"),
        (
            Finding("openai", CONFIGURATION, "usable", detail="providers.openai.api_key"),
            "connected (API key from the configuration: providers.openai.api_key)",
        ),
        (Finding("groq", OS_KEYRING, "usable"), "connected (API key in the OS keyring)"),
        (Finding("groq", KEY_FILE, "usable", detail="/k"), "connected (API key in the file /k)"),
        (
            Finding("copilot", KOI_LOGIN, "usable", expires_at=NOW + 47 * 60),
            "connected (token valid, expires in 47m)",
        ),
        (
            Finding("openai-codex", KOI_LOGIN, "usable", expires_at=NOW + 3600, renewed=True),
            "connected (token valid, expires in 1h 0m, renewed by itself)",
        ),
        (
            Finding("openai-codex", KOI_LOGIN, "usable", expires_at=NOW - 60, renewed=True),
            "connected (token expired, renewed at the next request)",
        ),
        (
            Finding(
                "anthropic",
                ENVIRONMENT,
                "needs_yes",
                detail="A_TOKEN is a subscription token, not an API key",
                consent="claude-token",
            ),
            "subscription token in A_TOKEN needs your yes: koi connect claude-token",
        ),
        (Finding("copilot", KOI_LOGIN, "usable"), "connected (token valid)"),
        (
            Finding("openai-codex", KOI_LOGIN, "expired"),
            "koi's own login expired: koi connect chatgpt",
        ),
        (
            Finding("openai", CODEX_CLI, "usable", detail="API key in ~/.codex/auth.json"),
            "connected (API key in ~/.codex/auth.json)",
        ),
        (
            Finding("openai-codex", CODEX_CLI, "needs_yes", subscription=True, consent="codex-cli"),
            "the login of Codex CLI needs your yes: koi connect codex-cli",
        ),
        (
            Finding("openai-codex", CODEX_CLI, "declined", subscription=True, consent="codex-cli"),
            "the login of Codex CLI: you said no (koi connect codex-cli)",
        ),
        (
            Finding("openai-codex", CODEX_CLI, "expired", subscription=True, consent="codex-cli"),
            "the login of Codex CLI expired: run codex once, or koi connect chatgpt",
        ),
        (
            Finding("anthropic", CLAUDE_CODE, "refused", consent="claude-cli"),
            "the login of Claude Code: refused by the server",
        ),
        (
            Finding("qwen-code", QWEN_CLI, "unreadable", detail="it is larger than 1 MiB"),
            "Qwen Code: it is larger than 1 MiB",
        ),
        (
            Finding(
                "ollama", LOCAL_PROBE, "usable", "", "http://localhost:11434", models=("a", "b")
            ),
            "connected (localhost:11434, 2 models)",
        ),
        (
            Finding("ollama", LOCAL_PROBE, "usable", "", "http://localhost:11434 has no models"),
            "runs at localhost:11434, but has no models: ollama pull llama3.3",
        ),
        (
            Finding("ollama", LOCAL_PROBE, "unreachable", "", "http://h:1: nothing listens"),
            "not reachable: http://h:1: nothing listens",
        ),
    ],
)
def test_a_credential_in_words(tmp_path: Path, finding: Finding, words: str) -> None:
    (row,) = rows(tmp_path, finding)
    assert row.credential.words == words


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (ENV_KEY, "connected (API key from ANTHROPIC_API_KEY), …abcd"),
        (
            Finding(
                "anthropic", CLAUDE_CODE, "needs_yes", account="max plan", consent="claude-cli"
            ),
            "the login of Claude Code needs your yes: koi connect claude-cli (max plan)",
        ),
    ],
)
def test_whose_it_is_does_not_run_into_the_words(
    tmp_path: Path, finding: Finding, said: str
) -> None:
    (row,) = rows(tmp_path, finding)
    assert row.credential.said == said


def test_what_a_credential_shadows_is_listed_below_it(tmp_path: Path) -> None:
    lower = Finding("anthropic", OS_KEYRING, "usable")
    (row,) = rows(tmp_path, ENV_KEY, lower)
    assert [other.state for other in row.others] == ["shadowed"]
    assert "environment comes first" in row.others[0].words


def test_the_usable_one_counts_although_a_better_source_is_there(tmp_path: Path) -> None:
    waits = Finding("anthropic", CLAUDE_CODE, "needs_yes", consent="claude-cli")
    (row,) = rows(tmp_path, waits, Finding("anthropic", KEY_FILE, "usable"))
    assert row.usable
    assert row.credential.source == KEY_FILE
    assert [other.state for other in row.others] == ["needs_yes"]


def test_usable_providers_come_first(tmp_path: Path) -> None:
    unusable = Finding("groq", OS_KEYRING, "unreadable", detail="locked")
    assert [row.provider for row in rows(tmp_path, unusable, ENV_KEY)] == ["anthropic", "groq"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "less than 1m"),
        (59, "less than 1m"),
        (47 * 60, "47m"),
        (7500, "2h 5m"),
        (270000, "3d 3h"),
    ],
)
def test_time_that_is_left(seconds: float, words: str) -> None:
    assert until(seconds) == words


def test_what_remains_is_told_with_its_reason() -> None:
    found = Discovery({"anthropic": (ENV_KEY,)})
    assert remaining(found, "anthropic") == "still available via ANTHROPIC_API_KEY (environment)"
    assert remaining(found, "openai") == ""
