"""Prices and facts about models."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.catalogue.models import fast_model_info, known_models, model_info, providers_of
from koi.catalogue.price_cache import PriceCache, PricedFacts
from koi.catalogue.prices import Prices
from koi.core.references import ModelReference
from koi.core.usage import Price, Usage
from tests.configurations import registry_of

PRICING = """
[pricing."claude-sonnet-4-6"]
input_per_mtok = 1.0
output_per_mtok = 2.0
[pricing."openai/claude-sonnet-4-6"]
input_per_mtok = 9.0
output_per_mtok = 9.0
"""


async def price(folder: Path, reference: str, text: str = "") -> Price | None:
    return await Prices(registry_of(folder, text)).price(ModelReference.parse(reference))


async def test_ones_own_price_wins(tmp_path: Path) -> None:
    assert await price(tmp_path, "anthropic/claude-sonnet-4-6", PRICING) == Price(1.0, 2.0)


async def test_a_full_reference_is_nearer_than_a_bare_name(tmp_path: Path) -> None:
    assert await price(tmp_path, "openai/claude-sonnet-4-6", PRICING) == Price(9.0, 9.0)


async def test_a_listed_price_has_its_cache_prices(tmp_path: Path) -> None:
    found = await price(tmp_path, "anthropic/claude-haiku-4-5")
    assert found == Price(1.0, 5.0, 0.1, 1.25)
    assert found.cost(Usage(1_000_000, 1_000_000, 0, 1_000_000)) == pytest.approx(6.1)


@pytest.mark.parametrize("model", ["ollama/llama3.3", "lmstudio/any", "vllm/a/b"])
async def test_local_models_cost_nothing(tmp_path: Path, model: str) -> None:
    assert await price(tmp_path, model) == Price(0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    "model",
    [
        "anthropic/claude-nobody-knows",
        "qwen/qwen-plus",
        "ollama/gpt-oss:120b-cloud",
        "custom:http://localhost:1/v1/m",
    ],
)
async def test_an_unknown_price_is_none_and_never_zero(tmp_path: Path, model: str) -> None:
    if model.startswith("custom:"):
        reference = ModelReference("custom:http://localhost:1/v1", "m")
        assert await Prices(registry_of(tmp_path)).price(reference) is None
    else:
        assert await price(tmp_path, model) is None


async def test_a_moved_provider_has_no_listed_price(tmp_path: Path) -> None:
    text = '[providers.openai]\nbase_url = "https://gateway.example.com/v1"\n'
    assert await price(tmp_path, "openai/gpt-5.2", text) is None


LISTED = ModelReference("anthropic", "claude-haiku-4-5")


async def test_a_listed_price_is_remembered_for_the_day(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    facts = await Prices(registry).facts(LISTED)
    cache = PriceCache(registry.config.paths.cache)
    assert cache.get("anthropic/claude-haiku-4-5") == facts
    cache.put("anthropic/claude-haiku-4-5", PricedFacts(Price(7.0, 7.0)))
    assert await Prices(registry).price(LISTED) == Price(7.0, 7.0)


async def test_a_price_of_ones_own_is_not_hidden_by_the_remembered_one(tmp_path: Path) -> None:
    await Prices(registry_of(tmp_path)).facts(LISTED)
    text = PRICING.replace("claude-sonnet-4-6", "claude-haiku-4-5")
    assert await price(tmp_path, str(LISTED), text) == Price(1.0, 2.0)


@pytest.mark.parametrize("content", ["", "{", '{"edition":"other","models":{}}', "[]"])
async def test_a_damaged_or_old_memory_is_made_anew(tmp_path: Path, content: str) -> None:
    registry = registry_of(tmp_path)
    registry.config.paths.cache.mkdir()
    (registry.config.paths.cache / "prices.json").write_text(content)
    assert await Prices(registry).price(LISTED) == Price(1.0, 5.0, 0.1, 1.25)


async def test_a_memory_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    registry.config.paths.cache.write_text("a file in the way")
    assert await Prices(registry).price(LISTED) == Price(1.0, 5.0, 0.1, 1.25)


@pytest.mark.parametrize(
    ("model", "limit"),
    [
        ("claude-sonnet-4-6", 64_000),
        ("claude-opus-4-1-20250805", 32_000),
        ("claude-opus-4-20250514", 32_000),
        ("claude-sonnet-4-0", 64_000),
        ("claude-haiku-4-5", 64_000),
        ("claude-opus-5-5", 128_000),
        ("claude-3-5-haiku-latest", 8192),
        ("claude-opus-4-99", None),
    ],
)
def test_output_limits_of_claude(tmp_path: Path, model: str, limit: int | None) -> None:
    info = fast_model_info(ModelReference("anthropic", model), registry_of(tmp_path))
    assert info.max_output_tokens == limit


def test_claude_behind_a_url_form_keeps_its_limits(tmp_path: Path) -> None:
    reference = ModelReference("anthropic-custom:https://llm.example.com", "claude-sonnet-4-6")
    assert fast_model_info(reference, registry_of(tmp_path)).max_output_tokens == 64_000


def test_the_configuration_beats_the_bundled_facts(tmp_path: Path) -> None:
    text = '[providers.anthropic]\ncontext_window = 1000\nmax_output_tokens = 10\ntools = "off"\n'
    info = fast_model_info(
        ModelReference("anthropic", "claude-sonnet-4-6"), registry_of(tmp_path, text)
    )
    assert (info.context_window, info.max_output_tokens, info.tools) == (1000, 10, False)


def test_the_context_window_of_an_unbundled_model_comes_from_the_list(tmp_path: Path) -> None:
    reference = ModelReference("openai", "codex-mini")
    registry = registry_of(tmp_path)
    assert fast_model_info(reference, registry).context_window is None
    assert model_info(reference, registry).context_window == 200_000


def test_known_models_are_named_once_and_sorted(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    models = [info.reference.model for info in known_models(registry.get("anthropic"), registry)]
    assert models == sorted(set(models))
    assert "claude-sonnet-4-6" in models
    assert not {"claude-opus-4-0", "claude-opus-4"} <= set(models)


@pytest.mark.parametrize(
    ("model", "providers"),
    [
        ("gpt-5.2", ("openai",)),
        ("gpt-4.1-mini", ("openai",)),
        ("claude-haiku-4-5", ("anthropic",)),
        ("glm-5", ("glm", "glm-cn", "zai", "zai-cn")),
        ("nobody-has-this", ()),
    ],
)
def test_who_has_a_model(tmp_path: Path, model: str, providers: tuple[str, ...]) -> None:
    assert providers_of(model, registry_of(tmp_path)) == providers
