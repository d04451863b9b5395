"""Documents of other programs in koi's keys."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.catalogue.catalogue import load_catalogue
from koi.config.importing import apply_import, plan_import
from koi.config.shapes.translate import Format, translate_foreign, translate_own
from koi.core.errors import ConfigurationError
from tests.configurations import load_text, paths_in

SLUG = load_catalogue().slug


def translated(document: object, kind: Format = "JSON") -> dict[str, object]:
    found = translate_foreign(document, kind, "document", SLUG)
    assert found is not None
    assert [each for each in found.mistakes if each.severity == "error"] == []
    return found.table


def mistakes(document: object, kind: Format = "JSON") -> list[str]:
    found = translate_foreign(document, kind, "document", SLUG)
    assert found is not None
    return [f"{each.key}: {each.message}" for each in found.mistakes]


def test_the_map_names_a_provider_by_its_type() -> None:
    entry = {"name": "openai", "model": "m", "api_key": "$SECRET"}
    assert translated({"providers": {"my-gpt": entry}}, "YAML") == {
        "providers": {
            "my-gpt": {
                "protocol": "openai-chat",
                "base_url": "https://api.openai.com/v1",
                "api_key": "${SECRET}",
                "default_model": "m",
            }
        },
        "model": "my-gpt/m",
    }


def test_the_map_skips_what_is_switched_off_when_it_chooses_the_model() -> None:
    providers = {
        "anthropic": {"model": "a", "enabled": False},
        "google": {"model": "b", "enabled": True},
    }
    assert translated({"providers": providers}, "YAML") == {
        "providers": {
            "anthropic": {"default_model": "a", "enabled": False},
            "gemini": {"default_model": "b"},
        },
        "model": "gemini/b",
    }


def test_what_the_map_has_besides_is_told() -> None:
    entry = {"model": "m", "api_key": "vault://x", "requests_per_minute": 60}
    assert mistakes({"providers": {"anthropic": entry}, "audit": {}}, "YAML") == [
        "providers.anthropic.api_key: has no counterpart in koi, left out: koi cannot open that "
        "vault",
        "providers.anthropic.requests_per_minute: has no counterpart in koi, left out",
        "audit: has no counterpart in koi, left out",
    ]


def test_network_rules_carry_over() -> None:
    network = {"default_deny": True, "provider_allowed_hosts": ["h"]}
    assert translated({"network": network}, "YAML") == {"network": network}


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"providers": x}])
def test_a_list_of_providers_is_read_with_and_without_its_wrapper(wrap: object) -> None:
    entry = {"name": "OpenRouter", "baseUrl": "https://openrouter.ai/api/v1", "models": ["x/y"]}
    assert callable(wrap)
    assert translated(wrap([entry]))["model"] == "openrouter/x/y"


def test_variables_get_braces() -> None:
    entry = {"name": "own", "baseUrl": "https://$HOST/v1", "apiKey": "${K:-none}"}
    table = translated([entry])["providers"]
    assert table == {
        "own": {
            "protocol": "openai-chat",
            "base_url": "https://${HOST}/v1",
            "api_key": "${K:-none}",
        }
    }


def test_login_kinds_are_the_service_itself() -> None:
    entries = [
        {"name": "My Copilot", "sdkProvider": "github-copilot", "models": ["gpt-4o"]},
        {"name": "Codex", "sdkProvider": "chatgpt-codex", "models": ["gpt-5.2"]},
    ]
    table = translated(entries)["providers"]
    assert isinstance(table, dict)
    assert list(table) == ["copilot", "openai-codex"]
    assert "base_url" not in table["copilot"]


def test_kinds_have_their_usual_address() -> None:
    table = translated([{"name": "Work Gemini", "sdkProvider": "google", "models": ["g"]}])
    assert table["providers"] == {
        "work-gemini": {
            "protocol": "gemini",
            "base_url": "https://generativelanguage.googleapis.com/v1beta",
            "models": {"g": {}},
            "default_model": "g",
        }
    }


def test_times_become_seconds_and_switches_become_prompted_tools() -> None:
    entry = {"name": "own", "baseUrl": "http://h/v1", "requestTimeout": 1500, "disableTools": True}
    table = translated([entry])["providers"]
    assert isinstance(table, dict)
    assert (table["own"]["first_byte_s"], table["own"]["tools"]) == (1.5, "prompt")


def test_a_default_provider_that_is_not_listed_is_koi_s() -> None:
    assert translated({"defaultProvider": "google", "providers": {}}) == {"model": "gemini"}


def test_wrong_values_are_told_at_their_place() -> None:
    wrong = [1, {"name": 2}, {"name": "x", "sdkProvider": "y"}, {"name": "z", "models": "m"}]
    assert [each.partition(":")[0] for each in mistakes({"nanocoder": {"providers": wrong}})] == [
        "nanocoder.providers[0]",
        "nanocoder.providers[1].name",
        "nanocoder.providers[1]",
        "nanocoder.providers[2].sdkProvider",
        "nanocoder.providers[3].models",
    ]


@pytest.mark.parametrize("document", [None, 1, "x", [], {}, [1], {"a": 1}])
def test_anything_else_has_no_shape(document: object) -> None:
    assert translate_foreign(document, "JSON", "document", SLUG) is None


WORDS = (
    *("provider", "kind", "base_url", "api_key_env", "api_key", "model", "models", "providers"),
    *("default_provider", "default_model", "api_url", "reliability", "provider_retries", "wasm"),
    *("fallback_providers", "api_keys", "model_fallbacks", "model_routes", "plugins", "fallback"),
    *("network", "nanocoder", "name", "baseUrl", "apiBase", "apiKey", "sdkProvider", "type"),
    *("defaultProvider", "contextWindow", "contextWindows", "disableToolModels", "executor"),
    *("requestTimeout", "enabled", "headers", "openrouter", "anthropic", "ollama", "display_name"),
    *("timeout", "default_deny", "socketTimeout", "disableTools", "organizationId", "maxTokens"),
)
VALUES = (
    *("openai", "anthropic", "custom:https://h.example/v1", "anthropic-custom:", "custom:http://["),
    *("http://localhost:1234/v1", "https://[::1", "${X}", "$X", "a/b", "", "google", "hint:x"),
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(VALUES)
    | st.text(max_size=5)
)
keys = st.sampled_from(WORDS) | st.text(max_size=3)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=25,
)
tables = st.dictionaries(keys, trees, max_size=6)


@given(tables)
def test_no_table_in_koi_s_file_breaks_a_shape(table: dict[str, object]) -> None:
    before = msgspec.json.encode(table)
    translate_own(table, "config.toml")
    assert msgspec.json.encode(table) == before


@given(trees | tables, st.sampled_from(["TOML", "YAML", "JSON"]))
def test_no_document_breaks_a_shape(document: object, kind: Format) -> None:
    translate_foreign(document, kind, "document", SLUG)


texts = st.text(max_size=8)
names = st.sampled_from(["work", "LM Studio", "ollama", "Google", "a.b c", 'q"uote'])
counts = st.integers(1, 2**40)
listed_entries = st.fixed_dictionaries(
    {"name": names},
    optional={
        "baseUrl": texts,
        "apiKey": texts,
        "models": st.lists(texts, max_size=3),
        "contextWindow": counts,
        "contextWindows": st.dictionaries(texts, counts, max_size=2),
        "disableToolModels": st.lists(texts, max_size=2),
        "requestTimeout": counts,
        "organizationId": texts,
        "unheard": trees,
    },
)
map_entries = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["openai", "anthropic"]),
        "model": texts,
        "api_key": st.none() | texts,
        "api_keys": st.lists(texts, max_size=2),
        "fast_model": texts,
        "enabled": st.booleans(),
        "timeout": counts,
    },
)
plausible = st.one_of(
    st.lists(listed_entries, min_size=1, max_size=3),
    st.fixed_dictionaries({"providers": st.lists(listed_entries, max_size=3)}),
    st.fixed_dictionaries({"providers": st.dictionaries(names, map_entries, max_size=3)}),
)


@given(plausible | tables)
def test_what_can_be_planned_can_be_written_read_and_imported_again(document: object) -> None:
    content = msgspec.json.encode(document)
    with tempfile.TemporaryDirectory() as folder:
        paths = paths_in(Path(folder))
        try:
            plan = plan_import(content, "document.json", paths, SLUG)
        except ConfigurationError:
            return
        if plan.settings:
            apply_import(plan, paths)
        load_text(Path(folder))
        assert plan_import(content, "document.json", paths, SLUG).settings == ()
