"""What a provider needs to be opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.core.errors import ConfigurationError, CredentialMissing, ProviderError, UsageError
from koi.credentials.settings import ProviderSettings, normalised_base, provider_settings
from tests.configurations import registry_of

K = "k" * 20


def settings(
    folder: Path, name: str, text: str = "", environment: dict[str, str] | None = None
) -> ProviderSettings:
    return provider_settings(name, registry_of(folder, text, environment))


def test_a_row_and_its_variable_are_enough(tmp_path: Path) -> None:
    found = settings(tmp_path, "anthropic", environment={"ANTHROPIC_API_KEY": K})
    assert (found.protocol, found.base_url) == ("anthropic", "https://api.anthropic.com")
    assert found.auth == "x-api-key"
    assert found.secret is not None
    assert found.secret.reveal() == K
    assert found.headers == {"anthropic-version": "2023-06-01"}
    assert (found.allowed_hosts, found.plain_http_hosts) == (("api.anthropic.com",), ())
    assert K not in repr(found)


def test_everything_can_be_configured(tmp_path: Path) -> None:
    text = """
[providers.work]
base_url = "${BASE}/v1/chat/completions/"
api_key = "${MY_KEY}"
headers = { "X-Team" = "${TEAM:-none}" }
connect_s = 1
first_byte_s = 2
idle_s = 3.5
context_window = 1000
max_output_tokens = 100
tools = "off"
"""
    environment = {"BASE": "http://llm.example.com:8080", "MY_KEY": K}
    found = settings(tmp_path, "work", text, environment)
    assert found.base_url == "http://llm.example.com:8080/v1"
    assert (found.auth, found.headers) == ("bearer", {"X-Team": "none"})
    assert (found.connect_s, found.first_byte_s, found.idle_s) == (1, 2, 3.5)
    assert (found.context_window, found.max_output_tokens, found.tools) == (1000, 100, "off")
    assert found.plain_http_hosts == ("llm.example.com",)


@pytest.mark.parametrize("name", ["lmstudio", "ollama", "custom:http://localhost:1/v1"])
def test_what_needs_no_key_sends_none(tmp_path: Path, name: str) -> None:
    found = settings(tmp_path, name)
    assert (found.auth, found.secret) == ("none", None)


def test_a_local_server_with_a_key_gets_it(tmp_path: Path) -> None:
    found = settings(tmp_path, "vllm", environment={"VLLM_API_KEY": K})
    assert found.auth == "bearer"
    assert found.local


def test_local_servers_may_take_longer(tmp_path: Path) -> None:
    assert settings(tmp_path, "ollama").first_byte_s == 600
    assert settings(tmp_path, "custom:https://h.example").first_byte_s == 120


@pytest.mark.parametrize(
    ("environment", "text", "base_url"),
    [
        ({}, "", "http://127.0.0.1:11434/v1"),
        ({"OLLAMA_HOST": "lan:1"}, "", "http://lan:1/v1"),
        ({"OLLAMA_HOST": "lan:1"}, 'base_url = "http://other:2/api/"', "http://other:2/v1"),
    ],
)
def test_ollama_is_used_through_its_v1_endpoint(
    tmp_path: Path, environment: dict[str, str], text: str, base_url: str
) -> None:
    found = settings(tmp_path, "ollama", f"[providers.ollama]\n{text}\n", environment)
    assert (found.protocol, found.base_url) == ("openai-chat", base_url)


def test_another_protocol_of_a_row_brings_its_address(tmp_path: Path) -> None:
    text = '[providers.minimax]\nprotocol = "anthropic"\n'
    found = settings(tmp_path, "minimax", text, {"MINIMAX_API_KEY": K})
    assert (found.base_url, found.auth) == ("https://api.minimax.io/anthropic", "x-api-key")


@pytest.mark.parametrize(
    ("url", "protocol", "base"),
    [
        ("https://h/v1/", "openai-chat", "https://h/v1"),
        ("https://h/v1/chat/completions", "openai-chat", "https://h/v1"),
        ("https://h/v1/messages", "anthropic", "https://h"),
        ("https://h/v1", "anthropic", "https://h"),
        ("https://h/coding/v1/", "anthropic", "https://h/coding"),
    ],
)
def test_base_urls_lose_what_the_protocol_adds(url: str, protocol: str, base: str) -> None:
    assert normalised_base(url, protocol) == base


def test_a_missing_key_names_the_variables_and_the_file(tmp_path: Path) -> None:
    with pytest.raises(CredentialMissing) as caught:
        settings(
            tmp_path,
            "gemini",
            '[providers.gemini]\nbase_url = "https://h.example"\nprotocol = "openai-chat"\n',
        )
    assert "GEMINI_API_KEY or GOOGLE_API_KEY" in caught.value.hint
    assert str(tmp_path / "config.toml") in caught.value.hint
    assert caught.value.exit_code == 3


def test_a_missing_key_says_what_was_not_used(tmp_path: Path) -> None:
    with pytest.raises(CredentialMissing) as caught:
        settings(tmp_path, "anthropic", environment={"ANTHROPIC_OAUTH_TOKEN": f"sk-ant-oat01-{K}"})
    assert "ANTHROPIC_OAUTH_TOKEN" in caught.value.hint
    assert K not in caught.value.hint


def test_an_unset_variable_in_the_configured_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="UNSET"):
        settings(tmp_path, "openai", '[providers.openai]\napi_key = "${UNSET}"\n')


@pytest.mark.parametrize("name", ["gemini", "bedrock", "copilot", "openai-codex"])
def test_an_unspoken_protocol_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="does not speak yet"):
        settings(tmp_path, name, environment={"GEMINI_API_KEY": K})


def test_a_provider_that_is_switched_off_says_where(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="switched off") as caught:
        settings(tmp_path, "openai", "[providers.openai]\nenabled = false\n")
    assert str(tmp_path / "config.toml") in caught.value.hint


def test_cloudflare_asks_for_its_account(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="CLOUDFLARE_ACCOUNT_ID"):
        settings(tmp_path, "cloudflare", environment={"CLOUDFLARE_API_TOKEN": K})


@pytest.mark.parametrize("base_url", ["llm.example.com", "ftp://x", "http://", "http://x:port"])
def test_a_base_url_that_is_none_is_refused(tmp_path: Path, base_url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"providers\.work\.base_url"):
        settings(tmp_path, "work", f'[providers.work]\nbase_url = "{base_url}"\n')


def test_a_header_with_a_line_break_is_refused(tmp_path: Path) -> None:
    text = '[providers.work]\nbase_url = "https://h.example"\nheaders = { A = "x\\r\\nB: y" }\n'
    with pytest.raises(ConfigurationError, match=r"headers\.A"):
        settings(tmp_path, "work", text)


DENY = "[network]\ndefault_deny = true\n"


def test_default_deny_refuses_hosts_that_nobody_named(tmp_path: Path) -> None:
    with pytest.raises(ProviderError) as caught:
        settings(tmp_path, "openai", DENY, {"OPENAI_API_KEY": K})
    assert caught.value.kind == "network_policy"
    assert "api.openai.com" in caught.value.title


@pytest.mark.parametrize(
    "text",
    [
        DENY + 'provider_allowed_hosts = ["api.openai.com"]\n',
        DENY + '[providers.openai]\nbase_url = "https://api.openai.com/v1"\n',
    ],
)
def test_default_deny_lets_named_hosts_through(tmp_path: Path, text: str) -> None:
    found = settings(tmp_path, "openai", text, {"OPENAI_API_KEY": K})
    assert found.allowed_hosts == ("api.openai.com",)
