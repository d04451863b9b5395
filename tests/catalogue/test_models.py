"""What counts when several know something of a model: configuration, provider, lists, nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.catalogue.learnt import learnt_facts
from koi.catalogue.model_cache import ModelCache
from koi.catalogue.models import (
    described,
    fast_model_info,
    known_models,
    model_info,
    nearest_models,
)
from koi.catalogue.prices import Prices
from koi.catalogue.registry import Registry
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.core.usage import Price
from tests.configurations import registry_of

OWN = """
[providers.anthropic.models."claude-sonnet-4-6"]
context_window = 1000
max_output_tokens = 10
vision = false
reasoning = false
streaming = false
"""
SONNET = ModelReference("anthropic", "claude-sonnet-4-6")


def tell(registry: Registry, *models: ModelInfo) -> None:
    """The provider of these models says this."""
    provider = registry.get(models[0].reference.provider)
    ModelCache(registry.config).write(provider, models)


def test_what_the_provider_says_weighs_more_than_the_known_line(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    tell(registry, ModelInfo(SONNET, context_window=500_000, vision=False))
    info = fast_model_info(SONNET, registry)
    assert (info.context_window, info.vision) == (500_000, False)
    assert (info.max_output_tokens, info.tools) == (64_000, True)


def test_the_configuration_weighs_more_than_what_the_provider_says(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, OWN)
    tell(registry, ModelInfo(SONNET, 5, 5, vision=True, reasoning=True, streaming=True))
    info = fast_model_info(SONNET, registry)
    assert (info.context_window, info.max_output_tokens) == (1000, 10)
    assert (info.vision, info.reasoning, info.streaming) == (False, False, False)


def test_an_unknown_model_of_an_unknown_endpoint_is_unknown(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, '[providers.work]\nbase_url = "https://work.example.com"\n')
    reference = ModelReference("work", "a-model-of-ours")
    assert fast_model_info(reference, registry) == ModelInfo(reference)


def test_a_line_is_known_at_an_endpoint_of_ones_own(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, '[providers.work]\nbase_url = "https://work.example.com"\n')
    info = fast_model_info(ModelReference("work", "meta-llama/Llama-3.1-8B-Instruct"), registry)
    assert (info.context_window, info.tools, info.vision) == (128_000, True, False)


@pytest.mark.parametrize(("tools", "native"), [("native", True), ("prompt", False), ("off", False)])
def test_tools_are_as_configured(tmp_path: Path, tools: str, native: bool) -> None:
    text = f'[providers.ollama.models."codellama:7b"]\ntools = "{tools}"\n'
    reference = ModelReference("ollama", "codellama:7b")
    assert fast_model_info(reference, registry_of(tmp_path, text)).tools is native


def test_a_provider_without_tools_has_none_whatever_the_model(tmp_path: Path) -> None:
    reference = ModelReference("perplexity", "gpt-5.2")
    assert fast_model_info(reference, registry_of(tmp_path)).tools is False


async def test_the_price_that_the_provider_says_beats_the_price_list(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    tell(registry, ModelInfo(SONNET, price=Price(7.0, 8.0)))
    assert model_info(SONNET, registry).price == Price(7.0, 8.0)
    assert await Prices(registry).price(SONNET) == Price(7.0, 8.0)


async def test_ones_own_price_beats_that_of_the_provider(tmp_path: Path) -> None:
    text = '[pricing."claude-sonnet-4-6"]\ninput_per_mtok = 1.0\noutput_per_mtok = 2.0\n'
    registry = registry_of(tmp_path, text)
    tell(registry, ModelInfo(SONNET, price=Price(7.0, 8.0)))
    assert model_info(SONNET, registry).price == Price(1.0, 2.0)
    assert await Prices(registry).price(SONNET) == Price(1.0, 2.0)


def test_models_for_images_and_sound_are_not_offered(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    names = ["gpt-image-1", "gpt-5.2", "whisper-1", "text-embedding-3-small"]
    found = described(registry.get("openai"), names, registry)
    assert [info.reference.model for info in found] == ["gpt-5.2", "text-embedding-3-small"]
    assert [info.embeddings for info in found] == [None, True]


def test_a_configured_model_is_offered_whatever_its_name(tmp_path: Path) -> None:
    text = '[providers.openai.models."our-image-expert"]\nvision = true\n'
    registry = registry_of(tmp_path, text)
    found = described(registry.get("openai"), ["gpt-5.2"], registry)
    assert [info.reference.model for info in found] == ["gpt-5.2", "our-image-expert"]


def test_the_known_models_of_bedrock_are_names_that_it_takes(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    names = {info.reference.model for info in known_models(registry.get("bedrock"), registry)}
    assert {
        "anthropic.claude-sonnet-4-20250514-v1:0",
        "anthropic.claude-3-5-haiku-20241022-v1:0",
        "amazon.nova-pro-v1:0",
        "meta.llama3-3-70b-instruct-v1:0",
    } <= names
    assert not [name for name in names if name.startswith("regional.")]


@pytest.mark.parametrize(
    ("wanted", "near"),
    [
        ("claude-sonnet-4.6", "claude-sonnet-4-6"),
        ("claude-sonet-4-6", "claude-sonnet-4-6"),
        ("claude-opus", "claude-opus-5"),
        ("sonnet-5", "claude-sonnet-5"),
    ],
)
def test_a_name_that_is_nearly_right_has_a_near_one(tmp_path: Path, wanted: str, near: str) -> None:
    reference = ModelReference("anthropic", wanted)
    assert near in nearest_models(reference, registry_of(tmp_path))


def test_near_names_are_of_the_list_that_the_provider_gave(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    names = ("claude-sonnet-9-1", "claude-sonnet-9-2", "claude-haiku-9", "claude-image-9")
    tell(registry, *(ModelInfo(ModelReference("anthropic", name)) for name in names))
    found = nearest_models(ModelReference("anthropic", "claude-sonnet-9"), registry)
    assert set(found[:2]) == {"claude-sonnet-9-1", "claude-sonnet-9-2"}
    assert "claude-image-9" not in found
    assert nearest_models(ModelReference("anthropic", "zzzz"), registry) == ()


def test_a_name_is_not_near_to_itself(tmp_path: Path) -> None:
    assert SONNET.model not in nearest_models(SONNET, registry_of(tmp_path))


def test_the_list_shows_what_refusals_taught(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, OWN.partition("context_window")[0] + 'tools = "native"\n')
    haiku = ModelReference("anthropic", "claude-haiku-4-5")
    facts = learnt_facts(registry.config.paths.cache)
    for reference in (SONNET, haiku):
        facts.add(reference, "tools")
    facts.add(haiku, "stream")
    provider = registry.get("anthropic")
    sonnet, learnt = (
        next(info for info in described(provider, [each.model], registry) if info.reference == each)
        for each in (SONNET, haiku)
    )
    assert (sonnet.tools, sonnet.streaming) == (True, None)
    assert (learnt.tools, learnt.streaming) == (False, False)
