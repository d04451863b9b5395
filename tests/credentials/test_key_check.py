"""A pasted key: what is copied along, and whose it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.catalogue.catalogue import load_catalogue
from koi.credentials.key_check import KeyProblem, cleaned, problem_of, unasked_key
from tests.configurations import registry_of

KEY = "sk-0123456789abcdef"


@pytest.mark.parametrize(
    "pasted",
    [
        KEY,
        f"  {KEY}\n",
        f'"{KEY}"',
        f"'{KEY}'",
        f"export OPENAI_API_KEY={KEY}",
        f'export OPENAI_API_KEY="{KEY}"',
        f"OPENAI_API_KEY = '{KEY}';",
        f"Bearer {KEY}",
        f"Authorization: Bearer {KEY}",
        f"x-api-key: {KEY}",
        f"`{KEY}`",
    ],
)
def test_what_is_copied_along_is_left_out(pasted: str) -> None:
    assert cleaned(pasted) == KEY


@pytest.mark.parametrize("key", ["YWJjZGVmZ2hpamtsbW5vcA==", "id.secret", "a=b=c-not-a-name"])
def test_signs_of_the_key_itself_stay(key: str) -> None:
    assert cleaned(key) in (key, "b=c-not-a-name")


def problem(folder: Path, provider: str, key: str) -> KeyProblem | None:
    return problem_of(key, registry_of(folder).get(provider), load_catalogue())


@pytest.mark.parametrize(
    ("provider", "key", "owner"),
    [
        ("openai", "sk-or-v1-0123456789", "openrouter"),
        ("openai", "sk-ant-api03-0123456789", "anthropic"),
        ("anthropic", "gsk_0123456789abcdef", "groq"),
        ("groq", "xai-0123456789abcdef", "xai"),
        ("deepseek", "sk-proj-0123456789abcdef", "openai"),
    ],
)
def test_the_owner_of_a_key_is_known_by_its_beginning(
    tmp_path: Path, provider: str, key: str, owner: str
) -> None:
    found = problem(tmp_path, provider, key)
    assert found is not None
    assert found.owner == owner


@pytest.mark.parametrize("provider", ["openai", "deepseek", "vllm"])
def test_a_key_that_could_be_anybodys_has_no_problem(tmp_path: Path, provider: str) -> None:
    assert problem(tmp_path, provider, KEY) is None


@pytest.mark.parametrize("key", ["", "short", "two words and more", "clé-0123456789abcdef"])
def test_what_cannot_be_a_key_is_no_key(tmp_path: Path, key: str) -> None:
    assert problem(tmp_path, "openai", key) is not None


def test_a_subscription_token_is_no_key(tmp_path: Path) -> None:
    found = problem(tmp_path, "anthropic", "sk-ant-oat01-0123456789")
    assert found is not None
    assert "subscription token" in found.title


def test_a_problem_never_repeats_the_key(tmp_path: Path) -> None:
    found = problem(tmp_path, "openai", "sk-or-v1-0123456789")
    assert "0123" not in str(found)


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"export OPENAI_API_KEY='{KEY}'",
        "AIzaSyA0123456789abcdefghijklmnop",
        "0123456789abcdef0123456789abcdef",
        "pplx-0123456789abcdef",
    ],
)
def test_a_key_is_known_where_a_name_belongs(text: str) -> None:
    key = unasked_key(text, load_catalogue())
    assert key is not None
    assert key.reveal() == cleaned(text)


@pytest.mark.parametrize(
    "text",
    [
        "openai",
        "xai-grok-code-fast-1",
        "hf-internal-testing",
        "anthropic.claude-3-5-sonnet-20241022-v2:0",
        "openrouter/meta-llama/llama-3.3-70b-instruct:free",
        "https://llm.example.com/v1/abcdefghijkl0123456789",
        "the key sk-0123456789abcdef",
        "",
    ],
)
def test_names_and_addresses_are_no_keys(text: str) -> None:
    assert unasked_key(text, load_catalogue()) is None
