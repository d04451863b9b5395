"""The configurations in examples/ and in docs/fallbacks-and-keys.md, as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.wiring.candidate_check import candidate_mistakes
from koi.wiring.chains import ConfiguredChains
from koi.wiring.named_models import model_at_once
from koi.wiring.providers import Providers
from tests.configurations import load_text, registry_of

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples/configurations").glob("*.toml"))
PAGE = (ROOT / "docs/fallbacks-and-keys.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
KEYS = {
    "ANTHROPIC_KEY": "key-0000",
    **{f"ANTHROPIC_KEY_{number}": f"key-of-anthropic-000{number}" for number in (1, 2, 3)},
    "GATEWAY_KEY": "key-of-the-gateway-0004",
    "CLAUDE_KEY": "key-of-anthropic-0005",
    "OPENAI_API_KEY": "key-of-openai-0006",
}


@pytest.mark.parametrize(
    "text",
    [*(path.read_text(encoding="utf-8") for path in EXAMPLES), *SNIPPETS],
    ids=[*(path.stem for path in EXAMPLES), *(f"page-{number}" for number in range(len(SNIPPETS)))],
)
def test_it_loads_without_a_mistake_or_a_key_without_effect(tmp_path: Path, text: str) -> None:
    assert load_text(tmp_path, text, KEYS).warnings == ()
    assert candidate_mistakes(registry_of(tmp_path, text, KEYS)) == ()


def test_there_are_examples_of_each_kind() -> None:
    assert len(EXAMPLES) == 4
    assert len(SNIPPETS) == 4


def example(name: str) -> str:
    return (ROOT / f"examples/configurations/{name}.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "asked", "prompt", "models"),
    [
        (
            "never-without-a-model",
            "anthropic/claude-sonnet-4-6",
            "go on",
            ["anthropic/claude-sonnet-4-6", "anthropic/claude-haiku-4-5", "openai/gpt-5.2"],
        ),
        ("team-gateway", "claude-opus-4-6", "go on", ["anthropic/claude-opus-4-6"]),
        (
            "team-gateway",
            "hint:cheap",
            "go on",
            ["custom:http://192.168.1.20:8080/v1/qwen3-coder-30b"],
        ),
        (
            "model-by-prompt",
            "anthropic/claude-sonnet-4-6",
            "refactor the parser",
            ["anthropic/claude-opus-4-6", "anthropic/claude-sonnet-4-6"],
        ),
    ],
)
def test_its_chains_are_what_it_says(
    tmp_path: Path, name: str, asked: str, prompt: str, models: list[str]
) -> None:
    registry = registry_of(tmp_path, example(name), KEYS)
    chains = ConfiguredChains(Providers(registry), ModelInfo)
    chain = chains.chain("executor", model_at_once(asked, registry), prompt=prompt)
    assert [str(model.reference) for model in chain.models][: len(models)] == models


async def test_keys_take_turns_in_their_order(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, example("keys-in-turn"), KEYS)
    chains = ConfiguredChains(Providers(registry), ModelInfo)
    model = ModelReference("anthropic", "claude-sonnet-4-6")
    found = await chains.chain("executor", model).first.candidates()
    assert [each.key for each in found] == ["0001", "0002", "0003"]
