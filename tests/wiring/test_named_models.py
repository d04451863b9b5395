"""What a name means: routes first, then providers and their models."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.core.errors import UsageError
from koi.wiring.named_models import meant_model, model_at_once
from tests.configurations import registry_of

ROUTES = """
[[model_routes]]
hint = "claude-"
provider = "anthropic"
[[model_routes]]
hint = "hint:fast"
provider = "groq"
model = "llama-3.1-8b-instant"
[[model_routes]]
hint = "mine-"
provider = "custom:https://llm.example.com/v1"
[[model_routes]]
hint = "kimi"
provider = "openrouter"
[[model_routes]]
hint = "meta-llama/"
provider = "together"
[[model_routes]]
hint = "cheap"
provider = "google"
"""


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("claude-sonnet-4-6", "anthropic/claude-sonnet-4-6"),
        ("hint:fast", "groq/llama-3.1-8b-instant"),
        ("mine-7b", "custom:https://llm.example.com/v1/mine-7b"),
        ("kimi", "openrouter/kimi"),
        ("meta-llama/Llama-3.3-70B", "together/meta-llama/Llama-3.3-70B"),
        ("openrouter/claude-sonnet-4-6", "openrouter/claude-sonnet-4-6"),
        ("openai", "openai/gpt-5.2"),
        ("hint:cheap", "gemini/gemini-2.5-pro"),
    ],
)
async def test_a_name_takes_its_route(tmp_path: Path, text: str, reference: str) -> None:
    registry = registry_of(tmp_path, ROUTES)
    found, _ = await meant_model(text, registry)
    assert str(found) == reference
    assert str(model_at_once(text, registry)) == reference


async def test_a_route_comes_before_the_provider_that_was_named(tmp_path: Path) -> None:
    found, _ = await meant_model(
        "claude-sonnet-4-6", registry_of(tmp_path, ROUTES), provider="openrouter"
    )
    assert str(found) == "anthropic/claude-sonnet-4-6"


@pytest.mark.parametrize(("text", "routes"), [(ROUTES, "hint:fast"), ("", "Add one")])
def test_a_hint_that_no_route_has_names_those_that_there_are(
    tmp_path: Path, text: str, routes: str
) -> None:
    with pytest.raises(UsageError, match="no route is named 'hint:slow'") as caught:
        model_at_once("hint:slow", registry_of(tmp_path, text))
    assert routes in caught.value.hint


def test_a_route_to_an_unknown_provider_is_an_error_when_it_is_taken(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, '[[model_routes]]\nhint = "x-"\nprovider = "antropic"\n')
    assert str(model_at_once("openai/gpt-5.2", registry)) == "openai/gpt-5.2"
    with pytest.raises(UsageError, match="unknown provider 'antropic'"):
        model_at_once("x-1", registry)
