"""Discovery, and the model that it leads to."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.credentials.default_model import DefaultModel, choose_default_model
from koi.credentials.discovery import discover
from koi.credentials.findings import (
    CLAUDE_CODE,
    CODEX_CLI,
    LOCAL_PROBE,
    OS_KEYRING,
    STATE_WORDS,
    Discovery,
    Finding,
    State,
    ranked,
)
from tests.configurations import keys_by_source, registry_of

K = "k" * 20
LOCAL = Finding("ollama", LOCAL_PROBE, "usable", models=("gemma2", "llama3.3"))


def choose(
    folder: Path,
    variables: tuple[str, ...] = (),
    text: str = "",
    probe: tuple[Finding, ...] = (),
) -> DefaultModel:
    registry = registry_of(folder, text, dict.fromkeys(variables, K))
    found = ranked((*keys_by_source(registry), probe))
    return choose_default_model(registry, found)


@pytest.mark.parametrize(
    ("variables", "model"),
    [
        (("XAI_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"), "anthropic/claude-sonnet-4-6"),
        (("XAI_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"), "openai/gpt-5.2"),
        (("XAI_API_KEY", "GROQ_API_KEY"), "groq/llama-3.3-70b-versatile"),
        (("MOONSHOT_API_KEY",), "moonshot/kimi-k2.5"),
        (("DASHSCOPE_API_KEY",), "qwen/qwen-plus"),
        (("ZHIPU_API_KEY",), "glm/glm-5"),
        (("KIMI_API_KEY",), "kimi-code/kimi-for-coding"),
    ],
)
def test_the_order_of_providers(tmp_path: Path, variables: tuple[str, ...], model: str) -> None:
    assert str(choose(tmp_path, variables).reference) == model


def test_a_key_comes_before_ollama(tmp_path: Path) -> None:
    chosen = choose(tmp_path, ("DEEPSEEK_API_KEY",), probe=(LOCAL,))
    assert str(chosen.reference) == "deepseek/deepseek-chat"


CODEX = Finding("openai-codex", CODEX_CLI, "usable", subscription=True, consent="codex-cli")
CLAUDE = Finding("anthropic", CLAUDE_CODE, "usable", subscription=True, consent="claude-cli")
SAVED = Finding("anthropic", OS_KEYRING, "usable")


@pytest.mark.parametrize(
    ("variables", "found", "model"),
    [
        (("DEEPSEEK_API_KEY",), (CODEX,), "deepseek/deepseek-chat"),
        (("DEEPSEEK_API_KEY",), (CLAUDE,), "deepseek/deepseek-chat"),
        (("DEEPSEEK_API_KEY",), (SAVED,), "anthropic/claude-sonnet-4-6"),
        ((), (CODEX, LOCAL), "openai-codex/gpt-5.1-codex"),
        ((), (CODEX, CLAUDE, LOCAL), "anthropic/claude-sonnet-4-6"),
    ],
)
def test_keys_come_before_subscriptions_and_these_before_ollama(
    tmp_path: Path, variables: tuple[str, ...], found: tuple[Finding, ...], model: str
) -> None:
    assert str(choose(tmp_path, variables, probe=found).reference) == model


@pytest.mark.parametrize("state", ["needs_yes", "declined", "refused", "expired", "unreadable"])
def test_what_cannot_be_used_is_not_chosen_but_named(tmp_path: Path, state: State) -> None:
    finding = Finding("anthropic", CLAUDE_CODE, state, detail="~/.claude", consent="claude-cli")
    chosen = choose(tmp_path, probe=(finding,))
    (note,) = chosen.notes
    assert note.startswith(f"anthropic: ~/.claude ({STATE_WORDS[state]}")


def test_a_login_that_waits_for_a_yes_is_named_with_the_command(tmp_path: Path) -> None:
    finding = Finding(
        "anthropic", CLAUDE_CODE, "needs_yes", detail="~/.claude", consent="claude-cli"
    )
    chosen = choose(tmp_path, probe=(finding,))
    assert chosen.notes == ("anthropic: ~/.claude (needs your yes: koi connect claude-cli)",)


def test_the_best_model_of_ollama_is_the_last_resort(tmp_path: Path) -> None:
    chosen = choose(tmp_path, probe=(LOCAL,))
    assert str(chosen.reference) == "ollama/llama3.3"
    assert chosen.finding == LOCAL


def test_an_ollama_key_does_not_hide_the_local_models(tmp_path: Path) -> None:
    chosen = choose(tmp_path, ("OLLAMA_API_KEY",), probe=(LOCAL,))
    assert str(chosen.reference) == "ollama/llama3.3"


def test_rows_without_a_default_model_are_passed_over_with_a_note(tmp_path: Path) -> None:
    chosen = choose(tmp_path, ("OVHCLOUD_API_KEY", "VERCEL_API_KEY"))
    assert chosen.reference is None
    assert any(note.startswith("vercel: has no default model") for note in chosen.notes)


def test_a_configured_default_model_makes_a_row_eligible(tmp_path: Path) -> None:
    text = '[providers.vercel]\ndefault_model = "a/b"\n'
    assert str(choose(tmp_path, ("VERCEL_API_KEY",), text).reference) == "vercel/a/b"


def test_an_endpoint_of_ones_own_needs_no_key(tmp_path: Path) -> None:
    text = '[providers.work]\nbase_url = "http://localhost:1/v1"\ndefault_model = "m"\n'
    assert str(choose(tmp_path, text=text).reference) == "work/m"


def test_a_provider_whose_configured_key_is_missing_is_not_chosen(tmp_path: Path) -> None:
    text = '[providers.anthropic]\napi_key = "${UNSET}"\n'
    chosen = choose(tmp_path, ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"), text)
    assert str(chosen.reference) == "openai/gpt-5.2"


def test_nothing_found_is_said(tmp_path: Path) -> None:
    assert choose(tmp_path) == DefaultModel(None)


async def test_discovery_runs_all_sources_and_fails_none(tmp_path: Path) -> None:
    environment = {"OPENAI_API_KEY": K, "OLLAMA_HOST": "127.0.0.1:9"}
    found = await discover(registry_of(tmp_path, environment=environment))
    assert found.providers == ("openai",)
    assert [item.state for item in found.of("ollama")] == ["unreachable"]


async def test_a_broken_source_does_not_hide_the_others(tmp_path: Path) -> None:
    text = '[providers.ollama]\nbase_url = "${UNSET}"\n'
    found = await discover(registry_of(tmp_path, text, {"OPENAI_API_KEY": K}))
    assert found.providers == ("openai",)
    (broken,) = found.of("ollama")
    assert broken.state == "unreadable"
    assert "UNSET" in broken.detail


async def test_ollama_is_not_asked_when_it_is_switched_off(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, "[providers.ollama]\nenabled = false\n")
    assert await discover(registry) == Discovery({})
