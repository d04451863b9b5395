"""Shapes of other programs in koi's own file: what they may stand beside, and what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.catalogue.registry import Registry
from koi.config.edit import set_value
from koi.core.errors import ConfigurationError
from koi.credentials.model_names import resolve_model
from koi.credentials.settings import provider_endpoint
from tests.configurations import load_text, paths_in, registry_of

TABLE = '[provider]\nkind = "openai"\nbase_url = "http://localhost:1234/v1"\n'
DEFAULTS = 'default_provider = "groq"\ndefault_model = "llama"\n'


def chosen(registry: Registry) -> str:
    return str(resolve_model(registry.config.role_model(), registry))


def test_the_model_may_stand_at_the_top_of_the_file(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, f'model = "a/b:c"\n{TABLE}')
    assert chosen(registry) == "lmstudio/a/b:c"
    assert str(registry.config.origin("model")) == f"{tmp_path / 'config.toml'}: model"


def test_an_endpoint_that_nobody_knows_is_named_after_its_host(tmp_path: Path) -> None:
    text = '[provider]\nkind = "openai"\nbase_url = "https://LLM.example.com:8443/v1"\nmodel = "m"'
    registry = registry_of(tmp_path, text)
    assert chosen(registry) == "llm.example.com:8443/m"
    endpoint = provider_endpoint("llm.example.com:8443", registry)
    assert endpoint.base_url == "https://LLM.example.com:8443/v1"


def test_a_proxy_of_the_style_anthropic_gets_the_usual_variable(tmp_path: Path) -> None:
    text = '[provider]\nkind = "anthropic"\nbase_url = "https://proxy.example.com"\nmodel = "m"'
    registry = registry_of(tmp_path, text, {"ANTHROPIC_API_KEY": "k" * 20})
    endpoint = provider_endpoint("proxy.example.com", registry)
    assert endpoint.protocol == "anthropic"
    assert endpoint.auth_headers() == {"x-api-key": "k" * 20}


def test_without_a_variable_no_key_is_sent_even_when_there_is_one(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, f'{TABLE}model = "m"', {"LMSTUDIO_API_KEY": "k" * 20})
    assert provider_endpoint("lmstudio", registry).auth_headers() == {}


def test_a_key_in_koi_s_own_table_completes_the_shape(tmp_path: Path) -> None:
    text = f'{TABLE}model = "m"\n[providers.lmstudio]\napi_key = "literal-key"\n'
    endpoint = provider_endpoint("lmstudio", registry_of(tmp_path, text))
    assert endpoint.key is not None


def test_the_style_openai_without_an_address_is_openai_s_own(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, '[provider]\nkind = "openai"\n', {"OPENAI_API_KEY": "k" * 20})
    endpoint = provider_endpoint("openai", registry)
    assert endpoint.base_url == "https://api.openai.com/v1"
    assert endpoint.key is not None


@pytest.mark.parametrize("alias", ["grok", "xai"])
def test_a_default_provider_may_be_an_alias(tmp_path: Path, alias: str) -> None:
    text = f'default_provider = "{alias}"\ndefault_model = "grok-4"\napi_key = "${{K}}"\n'
    registry = registry_of(tmp_path, text, {"K": "k" * 20})
    assert chosen(registry) == "xai/grok-4"
    assert provider_endpoint("xai", registry).key is not None


def test_an_unset_variable_is_an_error_only_when_the_key_is_used(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, f'{DEFAULTS}api_key = "${{NOT_SET}}"\n')
    with pytest.raises(
        ConfigurationError, match=r"config\.toml: api_key: the environment .*NOT_SET"
    ):
        provider_endpoint("groq", registry)


def test_names_of_fallbacks_are_those_of_the_default_provider(tmp_path: Path) -> None:
    chains = '[reliability.model_fallbacks]\nllama = ["qwen", "openai/gpt-4o"]\n'
    assert load_text(tmp_path, f"{DEFAULTS}{chains}").tables.reliability.model_fallbacks == {
        "groq/llama": ("groq/qwen", "openai/gpt-4o")
    }


def test_without_a_default_provider_fallbacks_are_references(tmp_path: Path) -> None:
    chains = '[reliability.model_fallbacks]\n"a/b" = ["c/d"]\n'
    fallbacks = load_text(tmp_path, chains).tables.reliability.model_fallbacks
    assert fallbacks == {"a/b": ("c/d",)}


def test_a_list_of_models_names_them(tmp_path: Path) -> None:
    text = '[providers.groq]\nmodels = ["a", "b"]\ndisplay_name = "Groq"\n'
    config = load_text(tmp_path, text)
    assert list(config.tables.providers["groq"].models) == ["a", "b"]
    assert [warning.key for warning in config.warnings] == ["providers.groq.display_name"]


@pytest.mark.parametrize(
    ("text", "one", "other"),
    [
        (f'model = "x/y"\n{TABLE}model = "m"', "provider.model", "model"),
        (f'{DEFAULTS}model = "x/y"\n', "default_model", "model"),
        (f'{DEFAULTS}{TABLE}model = "m"', "default_model", "provider.model"),
        (
            f'{TABLE}model = "m"\n[providers.lmstudio]\nbase_url = "http://h/v1"',
            "provider.base_url",
            "providers.lmstudio.base_url",
        ),
        (
            f'{DEFAULTS}api_key = "a"\n[providers.groq]\napi_key_env = "B"',
            "api_key",
            "providers.groq.api_key_env",
        ),
        (
            f'default_provider = "custom:https://h/v1"\napi_url = "https://i/v1"\n{TABLE}',
            "api_url",
            "default_provider",
        ),
        (
            "[reliability]\nretries = 1\nprovider_retries = 2",
            "reliability.provider_retries",
            "reliability.retries",
        ),
        (
            '[reliability]\nfallback_providers = ["a"]\n[models.fallback]\nexecutor = ["b/c"]',
            "reliability.fallback_providers",
            "models.fallback.executor",
        ),
    ],
)
def test_a_value_in_two_shapes_is_an_error_that_names_both(
    tmp_path: Path, text: str, one: str, other: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_text(tmp_path, text)
    assert f": {one}: says the same as {other}" in caught.value.title


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("provider = 1", "provider: expected a table"),
        ("[provider]", "provider.kind: 'kind' is missing"),
        ('[provider]\nkind = "cohere"', "provider.kind: 'cohere' is not one of its choices"),
        ('[provider]\nkind = "openai"\nmodle = "x"', "provider.modle: unknown key"),
        ('[provider]\nkind = "openai"\nmodel = 3', "provider.model: expected text"),
        ("default_provider = 3", "default_provider: expected text"),
        ('api_key = "x"', "api_key: belongs to default_provider"),
        ('[reliability]\napi_keys = ["x"]', "reliability.api_keys: whose keys they are"),
        ('[reliability]\nprovider_retries = "x"', "reliability.provider_retries: expected a whole"),
        ('[reliability]\nfallback_providers = "x"', "reliability.fallback_providers: expected"),
        ("[plugins]\nwasm = 1", "plugins.wasm: expected a list"),
        ("[plugins]\nscripts = []", "plugins.scripts: unknown key"),
        ("[providers.x]\nmodels = [1]", "providers.x.models[0]: expected text"),
        ('[providers.x.models.m]\ntools = "no"', "providers.x.models.m.tools: 'no' is not one"),
        ("providers = 1\n" + TABLE, "providers: expected a table"),
    ],
)
def test_a_mistake_is_told_under_the_key_that_the_file_has(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_text(tmp_path, text)
    assert f"{tmp_path / 'config.toml'}: {said}" in caught.value.title


def test_setting_a_value_that_the_shape_has_is_refused(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    paths.config_file.write_text(f'{TABLE}model = "m"\n')
    with pytest.raises(ConfigurationError, match=r"model is written as provider\.model here"):
        set_value(paths, "model", "a/b")
    set_value(paths, "reliability.retries", "5")
    assert chosen(registry_of(tmp_path, paths.config_file.read_text())) == "lmstudio/m"


def test_a_project_s_file_may_not_choose_a_provider_in_any_shape(tmp_path: Path) -> None:
    from koi.config.load import load

    project = tmp_path / "project"
    (project / ".koi").mkdir(parents=True)
    (project / ".koi" / "config.toml").write_text(f'{DEFAULTS}{TABLE}model = "m"')
    config = load(paths=paths_in(tmp_path), environment={}, project_folder=project, trusted=True)
    assert config.tables.model is None
    assert config.tables.providers == {}
