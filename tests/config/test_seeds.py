"""The examples of other programs' documentation, as they stand, in koi's own file."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from koi.catalogue.catalogue import load_catalogue
from koi.catalogue.registry import Registry
from koi.core.references import ModelReference
from koi.credentials.endpoint import Endpoint
from koi.credentials.model_names import resolve_model
from koi.credentials.settings import provider_endpoint
from tests.config.seed_cases import (
    CASES,
    ENDPOINTS,
    ENVIRONMENT,
    SEEDS,
    SHELL,
    WITHOUT_A_MODEL,
    Case,
)
from tests.configurations import load_text, registry_of

OWN = [case for case in CASES if case.file.endswith(".toml")]


def seed(name: str) -> str:
    return (SEEDS / name).read_text(encoding="utf-8")


def what_is_asked(registry: Registry) -> tuple[ModelReference, Endpoint]:
    """The model that the configuration chooses, and where it is."""
    reference = resolve_model(registry.config.role_model(), registry)
    assert reference is not None
    return reference, provider_endpoint(reference.provider, registry)


def assert_means(registry: Registry, case: Case) -> None:
    reference, endpoint = what_is_asked(registry)
    assert (reference.provider, reference.model) == (case.provider, case.model)
    assert (endpoint.key.reveal() if endpoint.key else None) == case.key
    assert endpoint.base_url == case.url
    assert case.protocol in ("", endpoint.protocol)


def test_every_example_is_tested() -> None:
    tested = {*(case.file for case in CASES), *WITHOUT_A_MODEL, *SHELL, "NOTICE.md"}
    assert {path.name for path in SEEDS.iterdir()} == tested


@pytest.mark.parametrize("case", OWN, ids=lambda case: case.file)
def test_an_example_works_as_it_stands(tmp_path: Path, case: Case) -> None:
    assert_means(registry_of(tmp_path, seed(case.file), ENVIRONMENT), case)


@pytest.mark.parametrize("case", OWN, ids=lambda case: case.file)
def test_every_value_says_which_key_of_the_example_it_is(tmp_path: Path, case: Case) -> None:
    config = load_text(tmp_path, seed(case.file), ENVIRONMENT)
    original = str(config.origin("model" if config.tables.model else "models.executor"))
    translated = "[provider]" in seed(case.file) or "default_provider" in seed(case.file)
    assert original.startswith(str(tmp_path / "config.toml"))
    assert original.endswith((".model", ": default_model")) == translated


@pytest.mark.parametrize("file", ENDPOINTS)
def test_a_url_as_provider_is_an_endpoint_for_any_model(tmp_path: Path, file: str) -> None:
    registry = registry_of(tmp_path, seed(file), ENVIRONMENT)
    reference = resolve_model("some/model", registry, provider=registry.config.role_model())
    assert reference is not None
    assert reference.model == "some/model"
    endpoint = provider_endpoint(reference.provider, registry)
    assert (endpoint.protocol, endpoint.base_url, endpoint.key) == (*ENDPOINTS[file], None)


@pytest.mark.parametrize("file", ENDPOINTS)
def test_a_bare_model_on_the_command_line_goes_to_that_endpoint(tmp_path: Path, file: str) -> None:
    config = load_text(tmp_path, seed(file), flags={"model": "llama"})
    reference, endpoint = what_is_asked(Registry(config, load_catalogue()))
    assert (reference.model, endpoint.base_url) == ("llama", ENDPOINTS[file][1])


def test_a_table_with_all_overrides_means_the_same(tmp_path: Path) -> None:
    text = seed("microcode-anthropic.toml").replace("# base", "base").replace("# api", "api")
    assert "\napi_key_env" in text
    assert_means(registry_of(tmp_path, text, ENVIRONMENT), CASES[0])
    text = seed("microcode-vllm.toml").replace("# api", "api")
    _, endpoint = what_is_asked(registry_of(tmp_path, text, ENVIRONMENT))
    assert endpoint.key is not None
    assert endpoint.key.reveal() == ENVIRONMENT["VLLM_API_KEY"]


def test_prices_stand_beside_the_table(tmp_path: Path) -> None:
    text = seed("microcode-ollama.toml") + seed("microcode-pricing.toml")
    prices = load_text(tmp_path, text).tables.pricing
    assert prices["qwen3-coder:30b"].input_per_mtok == 0
    assert prices["deepseek-coder"].output_per_mtok == 0.28


def test_reliability_keeps_every_value(tmp_path: Path) -> None:
    tables = load_text(tmp_path, seed("zeroclaw-routing.toml")).tables
    assert (tables.reliability.retries, tables.reliability.backoff_ms) == (2, 500)
    assert tables.models.fallback.executor == ("anthropic", "openai")
    assert tables.providers["openrouter"].api_keys == ("${KEY_1}", "${KEY_2}")
    assert tables.reliability.model_fallbacks == {
        "openrouter/anthropic/claude-sonnet-4.6": (
            "openrouter/anthropic/claude-haiku-4.5",
            "openrouter/openai/gpt-4o",
        )
    }
    (route,) = tables.model_routes
    assert (route.hint, route.provider, route.api_key) == (
        "claude-",
        "anthropic",
        "${ANTHROPIC_KEY}",
    )


def test_roles_and_fallbacks_are_koi_s_own(tmp_path: Path) -> None:
    config = load_text(tmp_path, seed("openkoi-roles.toml"))
    assert config.role_model("evaluator") == "anthropic/claude-opus-4-6"
    assert config.role_model("embedder") == "openai/text-embedding-3-small"
    fallback = load_text(tmp_path, seed("openkoi-fallback.toml")).tables.models.fallback
    assert fallback.executor == ("anthropic/claude-sonnet-4-5", "openai/gpt-5.2", "ollama/llama3.3")


def test_a_plugin_is_a_provider_named_after_its_file(tmp_path: Path) -> None:
    (table,) = load_text(tmp_path, seed("openkoi-plugins.toml")).tables.providers.items()
    assert table[0] == "my-provider"
    assert (table[1].protocol, table[1].plugin) == (
        "wasm",
        "~/.openkoi/plugins/wasm/my-provider.wasm",
    )


def test_an_exported_key_is_the_key_of_the_provider_with_its_name(tmp_path: Path) -> None:
    _, line = shlex.split(seed("openkoi-exports.sh"))
    variable, _, value = line.partition("=")
    text = '[providers.my-provider]\nbase_url = "https://llm.example.com/v1"\n'
    endpoint = provider_endpoint("my-provider", registry_of(tmp_path, text, {variable: value}))
    assert endpoint.key is not None
    assert endpoint.key.reveal() == value


@pytest.mark.parametrize("file", ["openkoi-model.sh", "openkoi-executor.sh"])
def test_model_flags_mean_what_they_say(tmp_path: Path, file: str) -> None:
    _, *words, _ = shlex.split(seed(file))
    said = dict(zip(words[::2], words[1::2], strict=True))
    flags = {"model": said.get("--model"), "models.executor": said.get("--executor")}
    given = {key: value for key, value in flags.items() if value}
    config = load_text(tmp_path, "", ENVIRONMENT, given)
    reference, endpoint = what_is_asked(Registry(config, load_catalogue()))
    assert str(reference) == "anthropic/claude-sonnet-4-5"
    assert endpoint.base_url == "https://api.anthropic.com"
