"""What can be connected, by which names, and in which ways."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest

from koi.core.errors import UsageError
from koi.credentials.findings import CODEX_CLI, Discovery, Finding
from koi.credentials.logins.events import LoginEvent
from koi.credentials.logins.login import Login, LoginContext, MethodName, Terms
from koi.credentials.model_names import resolve_model
from koi.credentials.target_table import TARGETS
from koi.credentials.targets import all_targets, as_address, as_consent, find_target, ways
from tests.configurations import registry_of

NOTHING = Discovery({})
NO_TERMS = Terms("", "")


@dataclass(frozen=True, slots=True)
class NoLogin:
    name: MethodName = "device"
    title: str = "a code"
    terms: Terms = NO_TERMS

    async def start(self, context: LoginContext) -> AsyncGenerator[LoginEvent, None]:
        return
        yield


LOGINS = (
    Login("chatgpt", "openai-codex", "ChatGPT", (NoLogin(),)),
    Login("minimax", "minimax", "MiniMax", (NoLogin(),)),
    Login("minimax-cn", "minimax-cn", "MiniMax (China)", (NoLogin(),)),
    Login("qwen", "qwen-code", "Qwen Code", (NoLogin(),)),
)


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("copilot", "copilot"),
        ("github-copilot", "copilot"),
        ("GitHub_Copilot", "copilot"),
        ("chatgpt", "openai-codex"),
        ("openai-codex", "openai-codex"),
        ("codex", "openai-codex"),
        ("claude", "anthropic"),
        ("google", "gemini"),
        ("gemini", "gemini"),
        ("kimi", "moonshot"),
        ("grok", "xai"),
        ("aws", "bedrock"),
        ("dashscope", "qwen"),
        ("mistral", "mistral"),
        ("minimax-oauth-cn", "minimax-cn"),
        ("qwen-intl", "qwen-intl"),
        ("lm-studio", "lmstudio"),
        ("url", ""),
    ],
)
def test_targets_are_found_by_many_names(tmp_path: Path, name: str, provider: str) -> None:
    assert find_target(name, registry_of(tmp_path)).provider == provider


def test_an_unknown_name_gives_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        find_target("copliot", registry_of(tmp_path))
    assert "copilot" in raised.value.hint


def test_every_well_known_target_is_a_provider(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    unknown = [each.name for each in TARGETS if each.provider and not registry.find(each.provider)]
    assert unknown == []


def test_every_row_of_the_catalogue_can_be_connected(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    offered = {target.provider for target in all_targets(registry)}
    assert {provider.name for provider in registry.all} - offered == set()


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("chatgpt", ["login"]),
        ("anthropic", ["key"]),
        ("minimax", ["login", "key"]),
        ("minimax-cn", ["login", "key"]),
        ("qwen-code", ["login"]),
        ("qwen", ["key", "login"]),
        ("bedrock", ["aws", "key"]),
        ("ollama", ["local"]),
        ("url", ["url"]),
        ("mistral", ["key"]),
    ],
)
def test_the_ways_of_a_target(tmp_path: Path, name: str, kinds: list[str]) -> None:
    target = find_target(name, registry_of(tmp_path))
    assert [way.kind for way in ways(target, LOGINS, NOTHING)] == kinds


def test_a_login_of_another_program_is_a_way_once_it_was_found(tmp_path: Path) -> None:
    waits = Finding("openai-codex", CODEX_CLI, "needs_yes", consent="codex-cli")
    target = find_target("chatgpt", registry_of(tmp_path))
    found = ways(target, LOGINS, Discovery({"openai-codex": (waits,)}))
    assert [(way.kind, way.name) for way in found][-1] == ("consent", "codex-cli")


@pytest.mark.parametrize(
    ("name", "known"), [("codex-cli", True), ("Codex_CLI", True), ("x", False)]
)
def test_the_logins_of_other_programs_have_names(name: str, known: bool) -> None:
    assert (as_consent(name) is not None) == known


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("https://llm.example.com/v1", "https://llm.example.com/v1"),
        ("custom:http://10.0.0.1/v1", "http://10.0.0.1/v1"),
        ("llm.example.com/v1", "https://llm.example.com/v1"),
        ("llm.example.com", "https://llm.example.com"),
        ("localhost:8000/v1", "http://localhost:8000/v1"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("gateway:8443/v1", "https://gateway:8443/v1"),
        ("openai", None),
        ("kimi-code", None),
        ("sk-ant-api03-pasted-key-1234", None),
        ("two words.com", None),
    ],
)
def test_addresses_may_be_bare(name: str, address: str | None) -> None:
    assert as_address(name) == address


@pytest.mark.parametrize(
    "key", ["sk-ant-api03-pasted-key-1234", "AIzaSyA0123456789abcdef", "0123456789abcdef" * 2]
)
def test_a_key_in_the_place_of_a_name_is_never_repeated(tmp_path: Path, key: str) -> None:
    registry = registry_of(tmp_path)
    with pytest.raises(UsageError) as raised:
        find_target(key, registry)
    assert "shell's history" in raised.value.hint
    with pytest.raises(UsageError) as unknown:
        registry.get(key)
    with pytest.raises(UsageError) as no_model:
        resolve_model(key, registry)
    for error in (raised, unknown, no_model):
        assert key not in f"{error.value.title} {error.value.hint}"


def test_the_owner_of_a_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        find_target("sk-ant-api03-pasted-key-1234", registry_of(tmp_path))
    assert "koi connect anthropic" in raised.value.hint


def test_a_misspelt_status_is_understood(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        find_target("statsu", registry_of(tmp_path))
    assert "status" in raised.value.hint
