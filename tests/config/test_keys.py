"""Dotted keys, and single values by them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.config.keys import read_value, value_at
from koi.config.mistakes import dotted, split_key
from koi.core.errors import UsageError
from tests.configurations import load_text


@given(st.lists(st.text(st.characters(exclude_characters="\"'"), min_size=1), min_size=1))
def test_a_dotted_key_splits_into_what_it_was_made_of(parts: list[str]) -> None:
    assert split_key(dotted(tuple(parts))) == tuple(parts)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("model", "anthropic/claude-sonnet-4-6", "anthropic/claude-sonnet-4-6"),
        ("model", '"quoted/name"', "quoted/name"),
        ("providers.x.api_key", "12345", "12345"),
        ("providers.x.protocol", "openai-chat", "openai-chat"),
        ("display.ambiguous_width", "2", 2),
        ("reliability.retries", "3", 3),
        ("reliability.fallback_on_auth", "true", True),
        ("budget.warn_at", "[0.5]", [0.5]),
        ('pricing."a.b/c".input_per_mtok', "0.25", 0.25),
    ],
)
def test_text_becomes_a_value_of_the_keys_type(key: str, text: str, value: object) -> None:
    assert read_value(key, text) == value


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("reliability.retries", "many", "not a TOML value"),
        ("reliability.retries", "-1", ">= 0"),
        ("providers.x.protocol", "openai", "not one of its choices"),
        ("modle", "x", "no key 'modle'"),
        ("model.x", "x", "no key 'x'"),
        ("reliability.retrys", "1", "no key 'retrys' in reliability"),
    ],
)
def test_a_wrong_key_or_value_is_refused(key: str, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_value(key, text)


def test_keys_of_providers_are_masked(tmp_path: Path) -> None:
    text = '[providers.x]\napi_key = "sk-1234567890abcd"\n[providers.y]\napi_key = "${KEY}"\n'
    config = load_text(tmp_path, text)
    assert value_at(config, "providers.x.api_key") == "…abcd"
    assert value_at(config, "providers.y.api_key") == "${KEY}"
    assert "1234567890" not in str(value_at(config, "providers"))


@pytest.mark.parametrize("value", ["${KEY}", "Bearer ${KEY}", "Basic ${USER}${PASSWORD}"])
def test_references_to_variables_are_shown(tmp_path: Path, value: str) -> None:
    config = load_text(tmp_path, f'[providers.x]\nheaders = {{ X-Me = "{value}" }}\n')
    assert value_at(config, "providers.x.headers.X-Me") == value


@pytest.mark.parametrize("value", ["a secret word", "${KEY:-a secret word}", "${KEY} secret word"])
@pytest.mark.parametrize("key", ["providers.x.headers.X-Me", "providers.x.headers", "providers"])
def test_values_of_headers_are_masked_as_keys_are(tmp_path: Path, value: str, key: str) -> None:
    config = load_text(tmp_path, f'[providers.x]\nheaders = {{ X-Me = "{value}" }}\n')
    assert "secret" not in str(value_at(config, key))
