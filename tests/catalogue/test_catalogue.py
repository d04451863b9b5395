"""The catalogue's rows, and finding one."""

from __future__ import annotations

from typing import get_args

import pytest

from koi.catalogue.catalogue import load_catalogue, own_row
from koi.catalogue.rows import Protocol
from koi.core.errors import UsageError


def test_names_are_unambiguous_and_found_in_any_case() -> None:
    catalogue = load_catalogue()
    names = [name for row in catalogue.rows for name in (row.slug, *row.company.aliases)]
    assert len(names) == len(set(names))
    assert all(catalogue.find(name.upper()) is not None for name in names)


def test_generic_and_foreign_variables_are_never_read() -> None:
    variables = {name for row in load_catalogue().rows for name in row.company.api_key_env}
    forbidden = {"API_KEY", "ZEROCLAW_API_KEY", "AWS_REGION"}
    assert not variables & (forbidden | {"ANTHROPIC_OAUTH_TOKEN"})


def test_only_a_provider_that_is_never_chosen_by_itself_reads_the_token_of_github() -> None:
    rows = [row for row in load_catalogue().rows if "GITHUB_TOKEN" in row.company.api_key_env]
    assert [(row.slug, row.profile.default_model) for row in rows] == [("github-models", None)]


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


@pytest.mark.parametrize(
    ("name", "regions"),
    [
        ("kimi-xyz", {"moonshot", "moonshot-intl"}),
        ("qwen-eu", {"qwen", "qwen-intl", "qwen-us"}),
        ("glm-xx", {"glm", "glm-cn"}),
        ("z.ai-xx", {"zai", "zai-cn"}),
    ],
)
def test_an_unknown_member_of_a_family_is_not_guessed(name: str, regions: set[str]) -> None:
    catalogue = load_catalogue()
    assert catalogue.find(name) is None
    assert regions <= set(catalogue.nearest(name))


@pytest.mark.parametrize(
    ("key", "slug"),
    [("sk-ant-x", "anthropic"), ("sk-or-x", "openrouter"), ("gsk_x", "groq"), ("sk-x", None)],
)
def test_some_keys_show_whose_they_are(key: str, slug: str | None) -> None:
    assert load_catalogue().owner_of(key) == slug


@pytest.mark.parametrize("protocol", list(get_args(Protocol)))
def test_the_usual_way_to_send_a_key_follows_from_the_protocol(protocol: Protocol) -> None:
    usual = {"anthropic": "x-api-key", "gemini": "x-goog-api-key", "bedrock": "sigv4"}
    row = own_row("work", "https://h.example", protocol)
    assert row.company.auth == usual.get(protocol, "bearer")
