"""What a person types for a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.catalogue.model_cache import ModelCache
from koi.catalogue.registry import Registry
from koi.core.errors import CredentialMissing, UsageError
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.credentials.findings import LOCAL_PROBE, Discovery, Finding
from koi.credentials.model_names import resolve_model
from tests.configurations import keys_in, registry_of


@pytest.mark.parametrize(
    ("text", "provider", "reference"),
    [
        ("openai/gpt-4o", None, "openai/gpt-4o"),
        ("google/gemini-2.5-pro", None, "gemini/gemini-2.5-pro"),
        ("openrouter/anthropic/claude-sonnet-4.6", None, "openrouter/anthropic/claude-sonnet-4.6"),
        ("gpt-5.2", None, "openai/gpt-5.2"),
        ("claude-haiku-4-5", None, "anthropic/claude-haiku-4-5"),
        ("anthropic", None, "anthropic/claude-sonnet-4-6"),
        ("any-model", "groq", "groq/any-model"),
        ("anthropic/claude-x", "openrouter", "openrouter/anthropic/claude-x"),
        ("openrouter/auto", "openrouter", "openrouter/auto"),
        ("grok/grok-9", "xai", "xai/grok-9"),
        (None, "anthropic", "anthropic/claude-sonnet-4-6"),
        ("m", "custom:http://localhost:1/v1/", "custom:http://localhost:1/v1/m"),
        ("custom:https://h.example/v1/a/b", None, "custom:https://h.example/v1/a/b"),
        (
            "anthropic-custom:https://h.example/x/v1beta/m",
            None,
            "anthropic-custom:https://h.example/x/v1beta/m",
        ),
    ],
)
def test_a_name_becomes_a_reference(
    tmp_path: Path, text: str | None, provider: str | None, reference: str
) -> None:
    found = resolve_model(text, registry_of(tmp_path), provider=provider)
    assert str(found) == reference


def test_a_url_form_keeps_its_whole_url_as_provider(tmp_path: Path) -> None:
    found = resolve_model("custom:https://h.example/v1/a/b", registry_of(tmp_path))
    assert found is not None
    assert (found.provider, found.model) == ("custom:https://h.example/v1", "a/b")


def test_nothing_said_is_none(tmp_path: Path) -> None:
    assert resolve_model(None, registry_of(tmp_path)) is None
    assert resolve_model("  ", registry_of(tmp_path)) is None


def test_a_bare_name_belongs_to_the_configured_defaults_provider(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, 'model = "openrouter/auto"\n')
    assert str(resolve_model("gpt-5.2", registry)) == "openrouter/gpt-5.2"


def test_a_provider_alone_means_the_configured_model_if_it_is_its_own(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, 'model = "openai/gpt-4o"\n')
    assert str(resolve_model(None, registry, provider="openai")) == "openai/gpt-4o"
    assert str(resolve_model(None, registry, provider="anthropic")) == "anthropic/claude-sonnet-4-6"


def test_a_name_of_several_providers_is_settled_by_the_only_key(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, environment={"ZAI_API_KEY": "z" * 20})
    with pytest.raises(UsageError) as caught:
        resolve_model("glm-5", registry)
    assert "glm/glm-5" in caught.value.hint
    registry = registry_of(
        tmp_path, "[providers.zai-cn]\nenabled = false\n", {"ZAI_API_KEY": "z" * 20}
    )
    assert str(resolve_model("glm-5", registry, discovery=keys_in(registry))) == "zai/glm-5"


WORK = (
    '[providers.work]\nbase_url = "https://one.example.com/v1"\napi_key = "work-key-0123456789"\n'
)


def listing(registry: Registry, provider: str, model: str) -> None:
    """Keep a list of models as if the provider had just told it."""
    info = ModelInfo(ModelReference(provider, model))
    ModelCache(registry.config).write(registry.get(provider), (info,))


def test_a_bare_name_belongs_to_the_provider_that_listed_it(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, WORK)
    listing(registry, "work", "x")
    assert str(resolve_model("x", registry)) == "work/x"
    assert str(resolve_model("x", registry, discovery=keys_in(registry))) == "work/x"


def test_a_local_server_that_has_a_model_gives_it_to_a_bare_name(tmp_path: Path) -> None:
    local = Finding("ollama", LOCAL_PROBE, "usable", models=("x:latest", "y:1b"))
    discovery = Discovery({"ollama": (local,)})
    registry = registry_of(tmp_path)
    assert str(resolve_model("x", registry, discovery=discovery)) == "ollama/x"
    assert str(resolve_model("y:1b", registry, discovery=discovery)) == "ollama/y:1b"


def test_a_provider_with_a_key_comes_before_one_without(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, WORK)
    listing(registry, "work", "gpt-5.2")
    found = resolve_model("gpt-5.2", registry, discovery=keys_in(registry))
    assert str(found) == "work/gpt-5.2"


def test_a_name_of_several_usable_providers_is_told_with_only_those(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, WORK, {"GROQ_API_KEY": "g" * 20})
    for name in ("work", "groq", "deepseek"):
        listing(registry, name, "x")
    with pytest.raises(UsageError, match="fits several") as caught:
        resolve_model("x", registry, discovery=keys_in(registry))
    assert caught.value.hint == "Choose one: work/x, groq/x"


def test_ollama_alone_means_its_best_model(tmp_path: Path) -> None:
    local = Finding("ollama", LOCAL_PROBE, "usable", models=("phi4", "codestral:22b"))
    found = resolve_model(
        None, registry_of(tmp_path), provider="ollama", discovery=Discovery({"ollama": (local,)})
    )
    assert str(found) == "ollama/codestral:22b"


@pytest.mark.parametrize(
    ("text", "provider", "said"),
    [
        ("nobody-has-this", None, "no provider is known"),
        ("antropic/claude", None, "unknown provider 'antropic'"),
        ("x", "antropic", "unknown provider 'antropic'"),
        ("/x", None, "not a model reference"),
        ("openai/", None, "not a model reference"),
        ("vercel", None, "vercel has no default model"),
        ("custom:https://h.example/m", None, "where the URL ends"),
        ("m", "custom:nonsense", "not an http or https URL"),
    ],
)
def test_what_cannot_be_meant_is_an_error(
    tmp_path: Path, text: str | None, provider: str | None, said: str
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        resolve_model(text, registry_of(tmp_path), provider=provider)
    assert caught.value.exit_code == 2
    assert caught.value.hint


def test_ollama_without_a_model_is_a_missing_model(tmp_path: Path) -> None:
    with pytest.raises(CredentialMissing) as caught:
        resolve_model(None, registry_of(tmp_path), provider="ollama")
    assert caught.value.exit_code == 3
    assert "ollama pull" in caught.value.hint
