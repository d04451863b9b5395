"""Chains as the configuration says: models in order, their keys, and what is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.core.errors import ConfigurationError, CredentialMissing
from koi.core.references import ModelReference
from koi.core.request_events import Routed
from koi.core.seams import ModelInfo
from koi.providers.demo.reference import DEMO
from koi.routing.candidates import Chain
from koi.routing.tiers import Activity
from koi.wiring.chains import ConfiguredChains
from koi.wiring.fallbacks import FallbackLists
from koi.wiring.named_models import model_at_once
from koi.wiring.providers import Providers
from tests.configurations import registry_of
from tests.servers.ollama_server import LocalModel, OllamaServer

SEEDS = Path(__file__).parents[1] / "config/seeds"
SONNET = ModelReference("anthropic", "claude-sonnet-4-6")
KEYS = {
    "A1": "key-of-anthropic-0001",
    "A2": "key-of-anthropic-0002",
    "A3": "key-of-anthropic-0003",
    "OPENAI_API_KEY": "key-of-openai-0004",
}


def chains(folder: Path, text: str, environment: dict[str, str] | None = None) -> ConfiguredChains:
    registry = registry_of(folder, text, KEYS if environment is None else environment)
    return ConfiguredChains(Providers(registry), ModelInfo)


def names(chain: Chain) -> list[str]:
    return [str(model.reference) for model in chain.models]


def test_a_model_without_fallbacks_is_alone(tmp_path: Path) -> None:
    assert names(chains(tmp_path, "").chain("executor", SONNET)) == [str(SONNET)]


def test_its_own_fallbacks_come_before_those_of_the_role_and_each_once(tmp_path: Path) -> None:
    text = """
[reliability.model_fallbacks]
"anthropic/claude-sonnet-4-6" = ["anthropic/claude-haiku-4-5", "openai/gpt-5.2"]
[models.fallback]
executor = ["openai/gpt-5.2", "anthropic/claude-sonnet-4-6", "groq/llama-3.3-70b-versatile"]
planner = ["openai/gpt-5.2"]
"""
    found = chains(tmp_path, text)
    assert names(found.chain("executor", SONNET)) == [
        "anthropic/claude-sonnet-4-6",
        "anthropic/claude-haiku-4-5",
        "openai/gpt-5.2",
        "groq/llama-3.3-70b-versatile",
    ]
    assert names(found.chain("small", SONNET)) == names(found.chain("executor", SONNET))[:3]


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("claude-sonnet-4-6", "anthropic/claude-sonnet-4-6"),
        ("google/gemini-2.5-pro", "gemini/gemini-2.5-pro"),
        ("anthropic/claude-sonnet-4.6", "openrouter/anthropic/claude-sonnet-4.6"),
    ],
)
def test_fallbacks_are_found_by_alias_and_by_the_bare_name(
    tmp_path: Path, name: str, reference: str
) -> None:
    text = f'[reliability.model_fallbacks]\n"{name}" = ["openai/gpt-5.2"]\n'
    chain = chains(tmp_path, text).chain("executor", ModelReference.parse(reference))
    assert names(chain) == [reference, "openai/gpt-5.2"]


def test_the_exact_reference_comes_before_the_bare_name(tmp_path: Path) -> None:
    text = """
[reliability.model_fallbacks]
"claude-sonnet-4-6" = ["openai/gpt-5.2"]
"anthropic/claude-sonnet-4-6" = ["groq/a"]
"""
    chain = chains(tmp_path, text).chain("executor", SONNET)
    assert names(chain) == [str(SONNET), "groq/a"]


def test_a_bare_provider_means_its_own_default_model(tmp_path: Path) -> None:
    text = """
default_provider = "anthropic"
[reliability]
fallback_providers = ["openai", "groq"]
[providers.groq]
default_model = "mine"
"""
    chain = chains(tmp_path, text).chain("executor", SONNET)
    assert names(chain) == [str(SONNET), "openai/gpt-5.2", "groq/mine"]


async def test_each_key_of_a_model_is_a_candidate(tmp_path: Path) -> None:
    text = '[providers.anthropic]\napi_key = "${A1}"\napi_keys = ["${A2}", "${A3}", "${NO}"]\n'
    found = await chains(tmp_path, text).chain("executor", SONNET).first.candidates()
    assert [each.key for each in found] == ["0001", "0002", "0003"]
    assert len({each.key_id for each in found}) == 3
    assert {each.reference for each in found} == {SONNET}
    assert len({id(each.provider) for each in found}) == 3


async def test_a_key_is_opened_once_and_anew_after_a_change(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, '[providers.anthropic]\napi_key = "${A1}"\n', KEYS)
    providers = Providers(registry)
    found = ConfiguredChains(providers, ModelInfo)
    (first,) = await found.chain("executor", SONNET).first.candidates()
    (again,) = await found.chain("executor", SONNET).first.candidates()
    assert first.provider is again.provider
    providers.renew(registry_of(tmp_path, '[providers.anthropic]\napi_key = "${A2}"\n', KEYS))
    (renewed,) = await found.chain("executor", SONNET).first.candidates()
    assert renewed.key == "0002"
    await providers.aclose()


async def test_a_route_lends_its_key_to_its_models_alone(tmp_path: Path) -> None:
    text = """
[providers.anthropic]
api_key = "${A1}"
[[model_routes]]
hint = "claude-opus"
provider = "anthropic"
api_key = "${A2}"
"""
    found = chains(tmp_path, text)
    opus = found.chain("executor", ModelReference("anthropic", "claude-opus-4-6"))
    sonnet = found.chain("executor", SONNET)
    assert [each.key for each in await opus.first.candidates()] == ["0002"]
    assert [each.key for each in await sonnet.first.candidates()] == ["0001"]
    assert opus.routed is not None
    assert (opus.routed.rule, "claude-opus" in opus.routed.reason) == ("route", True)
    assert sonnet.routed is None


@pytest.mark.parametrize(
    ("written", "told"),
    [("claude-sonnet-4-6", True), ("hint:claude-", True), ("anthropic/claude-sonnet-4-6", False)],
)
def test_only_a_name_that_a_route_led_is_told_as_routed(
    tmp_path: Path, written: str, told: bool
) -> None:
    text = f"""
model = "{written}"
[[model_routes]]
hint = "claude-"
provider = "anthropic"
model = "claude-sonnet-4-6"
"""
    chain = chains(tmp_path, text).chain("executor", SONNET)
    assert (chain.routed is not None) == told


async def test_a_route_with_a_key_needs_no_other(tmp_path: Path) -> None:
    text = '[[model_routes]]\nhint = "claude-"\nprovider = "anthropic"\napi_key_env = "A2"\n'
    chain = chains(tmp_path, text).chain("executor", SONNET)
    assert [each.key for each in await chain.first.candidates()] == ["0002"]


async def test_a_fallback_without_a_key_says_so_when_it_is_its_turn(tmp_path: Path) -> None:
    text = '[models.fallback]\nexecutor = ["groq/llama-3.3-70b-versatile"]\n'
    _, groq = chains(tmp_path, text).chain("executor", SONNET).models
    with pytest.raises(CredentialMissing, match="no key for Groq"):
        await groq.candidates()


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("antropic/claude-haiku-4-5", "unknown provider 'antropic'"),
        ("no-such-model", "no provider is known to have"),
        ("${NOT_SET}/x", "NOT_SET is not set"),
        ("hint:none", "no route is named"),
    ],
)
async def test_a_fallback_that_means_nothing_is_passed_over_with_the_reason(
    tmp_path: Path, entry: str, why: str
) -> None:
    text = f'[models.fallback]\nexecutor = ["{entry}", "openai/gpt-5.2"]\n'
    _, wrong, right = chains(tmp_path, text).chain("executor", SONNET).models
    with pytest.raises(ConfigurationError, match=why) as caught:
        await wrong.candidates()
    assert caught.value.where.endswith("config.toml: models.fallback.executor")
    assert wrong.info() == ModelInfo(wrong.reference)
    assert why in wrong.wrong
    assert not right.wrong
    assert str(right.reference) == "openai/gpt-5.2"


async def test_the_bare_name_of_a_local_server_is_its_best_model(tmp_path: Path) -> None:
    with OllamaServer(**{"gemma2": LocalModel(), "llama3.3": LocalModel()}) as server:
        text = f"""
[providers.ollama]
base_url = "{server.url}"
[models.fallback]
executor = ["ollama"]
"""
        registry = registry_of(tmp_path, text, KEYS)
        lists = FallbackLists(registry)
        await lists.prepare()
    found = ConfiguredChains(Providers(registry), ModelInfo, fallbacks=lists)
    _, model = found.chain("executor", SONNET).models
    (candidate,) = await model.candidates()
    assert str(model.reference) == str(candidate.reference) == "ollama/llama3.3"


async def test_a_local_server_that_was_named_meanwhile_is_known_from_the_next_step_on(
    tmp_path: Path,
) -> None:
    providers = Providers(registry_of(tmp_path, "", KEYS))
    found = ConfiguredChains(providers, ModelInfo)
    assert names(found.chain("executor", SONNET)) == [str(SONNET)]
    with OllamaServer(**{"llama3.3": LocalModel()}) as server:
        text = f'[providers.ollama]\nbase_url = "{server.url}"\n'
        text += '[models.fallback]\nexecutor = ["ollama"]\n'
        providers.renew(registry_of(tmp_path, text, KEYS))
        _, unknown = found.chain("executor", SONNET).models
        with pytest.raises(CredentialMissing):
            await unknown.candidates()
    assert names(found.chain("executor", SONNET)) == [str(SONNET), "ollama/llama3.3"]


async def test_a_local_server_that_does_not_answer_is_passed_over(tmp_path: Path) -> None:
    text = """
[providers.ollama]
base_url = "http://127.0.0.1:9"
[models.fallback]
executor = ["ollama"]
"""
    registry = registry_of(tmp_path, text, KEYS)
    lists = FallbackLists(registry)
    await lists.prepare()
    found = ConfiguredChains(Providers(registry), ModelInfo, fallbacks=lists)
    _, model = found.chain("executor", SONNET).models
    with pytest.raises(CredentialMissing, match="no model of Ollama was found"):
        await model.candidates()


async def test_the_routing_example_of_another_program_means_what_its_page_says(
    tmp_path: Path,
) -> None:
    text = (SEEDS / "zeroclaw-routing.toml").read_text(encoding="utf-8")
    ends = ("OPENROUTER_KEY", "KEY_1", "KEY_2", "ANTHROPIC_KEY")
    environment = {name: f"key-number-0000000{number}" for number, name in enumerate(ends)}
    registry = registry_of(tmp_path, text, environment)
    found = ConfiguredChains(Providers(registry), ModelInfo)
    chain = found.chain("executor", model_at_once(str(registry.config.role_model()), registry))
    assert names(chain) == [
        "openrouter/anthropic/claude-sonnet-4.6",
        "openrouter/anthropic/claude-haiku-4.5",
        "openrouter/openai/gpt-4o",
        "anthropic/claude-sonnet-4-6",
        "openai/gpt-5.2",
    ]
    assert [each.key for each in await chain.first.candidates()] == ["0000", "0001", "0002"]
    routed = found.chain("executor", model_at_once("claude-opus-4-6", registry))
    assert str(routed.first.reference) == "anthropic/claude-opus-4-6"
    assert [each.key for each in await routed.first.candidates()] == ["0003"]


TIERS = """
[routing]
tiers = true
[providers.anthropic]
fast_model = "claude-haiku-4-5"
premium_model = "${BEST:-claude-opus-4-6}"
[providers.openai]
premium_model = "gpt-5.2-pro"
[reliability.model_fallbacks]
"claude-opus-4-6" = ["groq/a"]
"claude-sonnet-4-6" = ["groq/b"]
"""


@pytest.mark.parametrize(
    ("prompt", "models"),
    [
        ("what is this?", ["anthropic/claude-haiku-4-5", str(SONNET), "groq/b"]),
        ("fix it", [str(SONNET), "groq/b"]),
        ("refactor it", ["anthropic/claude-opus-4-6", "groq/a", str(SONNET), "groq/b"]),
    ],
)
def test_a_tier_puts_its_model_before_the_one_that_was_named(
    tmp_path: Path, prompt: str, models: list[str]
) -> None:
    assert names(chains(tmp_path, TIERS).chain("executor", SONNET, prompt=prompt)) == models


def test_a_tier_is_kept_for_the_turn_and_told_at_its_beginning(tmp_path: Path) -> None:
    found = chains(tmp_path, TIERS)
    opus = ModelReference("anthropic", "claude-opus-4-6")
    first = found.chain("executor", SONNET, prompt="refactor it")
    assert first.routed == Routed(SONNET, opus, "tier", "premium: the prompt says 'refactor'")
    assert found.chain("executor", SONNET).first.reference == opus
    assert found.chain("executor", SONNET, prompt="now fix it").first.reference == SONNET
    assert found.chain("executor", SONNET).first.reference == SONNET


def test_a_model_that_was_chosen_by_hand_is_the_primary_of_its_provider(tmp_path: Path) -> None:
    found = chains(tmp_path, TIERS)
    mini = ModelReference("openai", "gpt-5-mini")
    assert found.chain("executor", mini, prompt="fix it").first.reference == mini
    hard = found.chain("executor", mini, prompt="refactor it")
    assert names(hard) == ["openai/gpt-5.2-pro", "openai/gpt-5-mini"]
    assert found.chain("executor", mini, prompt="what is it?").first.reference == mini


def test_tiers_are_for_the_executor_and_off_unless_wanted(tmp_path: Path) -> None:
    found = chains(tmp_path, TIERS)
    found.chain("executor", SONNET, prompt="refactor it")
    assert found.chain("small", SONNET).first.reference == SONNET
    off = chains(tmp_path, TIERS.replace("true", "false"))
    assert off.chain("executor", SONNET, prompt="refactor it").first.reference == SONNET


def test_what_the_session_did_before_counts(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, TIERS, KEYS)
    found = ConfiguredChains(Providers(registry), ModelInfo, lambda: Activity(turns=2, tools=5))
    assert found.chain("executor", SONNET, prompt="go on").routed is not None


def test_the_demo_has_no_fallbacks(tmp_path: Path) -> None:
    text = '[models.fallback]\nexecutor = ["openai/gpt-5.2"]\n'
    assert names(chains(tmp_path, text).chain("executor", DEMO)) == [str(DEMO)]


def test_a_fallback_that_means_nothing_names_its_file_in_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    found = chains(tmp_path, '[models.fallback]\nexecutor = ["nosuch/x"]')
    assert found.chain("executor", SONNET).models[-1].wrong.startswith("~/")
