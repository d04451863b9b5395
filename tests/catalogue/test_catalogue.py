"""The catalogue's rows, and finding one."""

from __future__ import annotations

import pytest

from koi.catalogue.catalogue import load_catalogue
from koi.core.errors import UsageError

KNOWN = {
    "anthropic": ("anthropic", "claude-sonnet-4-6"),
    "openai": ("openai-chat", "gpt-5.2"),
    "openrouter": ("openai-chat", "auto"),
    "ollama": ("ollama", None),
    "gemini": ("gemini", "gemini-2.5-pro"),
    "bedrock": ("bedrock", "anthropic.claude-sonnet-4-20250514-v1:0"),
    "copilot": ("copilot", "gpt-4o"),
    "openai-codex": ("openai-responses", "gpt-5.1-codex"),
    "venice": ("openai-chat", "zai-org-glm-5"),
    "vercel": ("openai-chat", None),
    "cloudflare": ("openai-chat", None),
    "kimi-code": ("openai-chat", "kimi-for-coding"),
    "synthetic": ("openai-chat", None),
    "opencode": ("openai-chat", None),
    "groq": ("openai-chat", "llama-3.3-70b-versatile"),
    "mistral": ("openai-chat", "mistral-large-latest"),
    "xai": ("openai-chat", "grok-4-0709"),
    "deepseek": ("openai-chat", "deepseek-chat"),
    "together": ("openai-chat", "meta-llama/Llama-3.3-70B-Instruct-Turbo"),
    "fireworks": ("openai-chat", "accounts/fireworks/models/llama-v3p3-70b-instruct"),
    "perplexity": ("openai-chat", "sonar-pro"),
    "cohere": ("openai-chat", "command-a-03-2025"),
    "lmstudio": ("openai-chat", None),
    "llamacpp": ("openai-chat", "ggml-org/gpt-oss-20b-GGUF"),
    "vllm": ("openai-chat", None),
    "nvidia": ("openai-chat", "meta/llama-3.3-70b-instruct"),
    "astrai": ("openai-chat", "anthropic/claude-sonnet-4.6"),
    "ovhcloud": ("openai-chat", None),
    "moonshot": ("openai-chat", "kimi-k2.5"),
    "moonshot-intl": ("openai-chat", "kimi-k2.5"),
    "glm": ("openai-chat", "glm-5"),
    "glm-cn": ("openai-chat", "glm-5"),
    "zai": ("openai-chat", "glm-5"),
    "zai-cn": ("openai-chat", "glm-5"),
    "minimax": ("openai-chat", "MiniMax-M2.5"),
    "minimax-cn": ("openai-chat", "MiniMax-M2.5"),
    "qwen": ("openai-chat", "qwen-plus"),
    "qwen-intl": ("openai-chat", "qwen-plus"),
    "qwen-us": ("openai-chat", "qwen-plus"),
    "qwen-code": ("openai-chat", "qwen3-coder-plus"),
    "bailian": ("openai-chat", None),
    "qianfan": ("openai-chat", None),
    "doubao": ("openai-chat", None),
    "github-models": ("openai-chat", None),
}


def test_every_provider_has_its_row() -> None:
    rows = {row.slug: (row.protocol, row.profile.default_model) for row in load_catalogue().rows}
    assert rows == KNOWN


def test_names_are_unambiguous_and_found_in_any_case() -> None:
    catalogue = load_catalogue()
    names = [name for row in catalogue.rows for name in (row.slug, *row.company.aliases)]
    assert len(names) == len(set(names))
    assert all(catalogue.find(name.upper()) is not None for name in names)


@pytest.mark.parametrize(
    ("alias", "slug"),
    [
        ("google", "gemini"),
        ("grok", "xai"),
        ("kimi", "moonshot"),
        ("dashscope", "qwen"),
        ("lm-studio", "lmstudio"),
        ("llama.cpp", "llamacpp"),
        ("z.ai", "zai"),
    ],
)
def test_aliases_find_their_row(alias: str, slug: str) -> None:
    assert load_catalogue().get(alias).slug == slug


def test_generic_and_foreign_variables_are_never_read() -> None:
    variables = {name for row in load_catalogue().rows for name in row.company.api_key_env}
    forbidden = {"API_KEY", "ZEROCLAW_API_KEY", "GITHUB_TOKEN", "AWS_REGION"}
    assert not variables & (forbidden | {"ANTHROPIC_OAUTH_TOKEN"})


def test_only_local_rows_use_plain_http() -> None:
    for row in load_catalogue().rows:
        addresses = [row.company.base_url, *(other.base_url for other in row.alternates)]
        assert all(url.startswith("https://") or row.company.local for url in addresses), row.slug


def test_an_unknown_slug_names_the_nearest_the_configured_and_the_url_forms() -> None:
    with pytest.raises(UsageError) as caught:
        load_catalogue().get("antropic", configured=["work"])
    assert "'antropic'" in caught.value.title
    for part in ("anthropic", "Configured: work", "custom:URL", "anthropic-custom:URL"):
        assert part in caught.value.hint


@pytest.mark.parametrize(
    ("name", "protocol", "auth"),
    [
        ("custom:https://llm.example.com/v1/", "openai-chat", "bearer"),
        ("anthropic-custom:http://localhost:8080", "anthropic", "x-api-key"),
    ],
)
def test_url_forms_make_a_row(name: str, protocol: str, auth: str) -> None:
    row = load_catalogue().get(name)
    assert (row.protocol, row.company.auth, row.company.key_optional) == (protocol, auth, True)
    assert row.slug == name.rstrip("/")
    assert row.company.base_url == name.partition(":")[2].rstrip("/")


@pytest.mark.parametrize(
    "name", ["custom", "custom:", "custom:llm.example.com", "custom:ftp://x", "custom:http://x:y"]
)
def test_a_url_form_without_a_url_shows_the_form(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_catalogue().get(name)
    assert "custom:https://llm.example.com/v1" in caught.value.hint
