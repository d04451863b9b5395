"""The catalogue joined with the configured providers."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.catalogue.catalogue import load_catalogue
from koi.core.errors import ConfigurationError, UsageError
from tests.configurations import registry_of

OWN = '[providers.work]\nbase_url = "https://llm.example.com/v1"\ndefault_model = "m"\n'


def test_a_provider_of_ones_own_is_openai_chat_with_its_own_variable(tmp_path: Path) -> None:
    provider = registry_of(tmp_path, OWN.replace("work", "my-work")).get("my-work")
    assert provider.protocol == "openai-chat"
    assert provider.row.company.api_key_env == ("MY_WORK_API_KEY",)
    assert provider.default_model == "m"


def test_a_table_changes_a_row_also_under_an_alias(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, '[providers.grok]\ndefault_model = "grok-x"\n')
    assert registry.get("xai").default_model == "grok-x"
    assert registry.get("grok").name == "xai"
    assert registry.get("xai").key("api_key") == "providers.grok.api_key"


def test_a_name_with_an_address_is_ones_own_even_if_it_is_an_alias(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, OWN.replace("work", "ark"))
    assert registry.get("ark").name == "ark"
    assert registry.get("doubao").table_name is None


def test_configured_providers_come_first(tmp_path: Path) -> None:
    names = [provider.name for provider in registry_of(tmp_path, OWN).all]
    assert names[0] == "work"
    assert len(names) == len(load_catalogue().rows) + 1


def test_a_name_without_address_suggests_what_was_meant(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, "[providers.antropic]\napi_key = 'x'\n")
    with pytest.raises(ConfigurationError) as caught:
        registry.get("antropic")
    assert "providers.antropic" in caught.value.title
    assert "anthropic" in caught.value.hint


def test_an_unknown_name_lists_the_configured_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        registry_of(tmp_path, OWN).get("wrok")
    assert "Did you mean work" in caught.value.hint
