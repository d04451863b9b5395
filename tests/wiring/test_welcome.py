"""What koi says of the models that it could begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.wiring.welcome import look_around
from tests.configurations import registry_of


@pytest.fixture(autouse=True)
def nothing_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")


async def test_a_configured_model_that_can_be_used_is_said(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, 'model = "openai/gpt-4o"', {"OPENAI_API_KEY": "k" * 20})
    found = await look_around(registry)
    assert found.lines == ("Using openai/gpt-4o, as configured.",)
    assert (found.model, found.problem) == ("openai/gpt-4o", None)


@pytest.mark.parametrize(("text", "provider"), [('model = "openai/gpt-4o"', None), ("", "openai")])
async def test_a_named_model_without_a_key_says_why_and_what_to_connect(
    tmp_path: Path, text: str, provider: str | None
) -> None:
    found = await look_around(registry_of(tmp_path, text), provider)
    assert found.wanted == "openai"
    assert "cannot be used: no key for OpenAI" in found.lines[0]
    assert found.model == ""


async def test_another_model_that_can_be_used_is_known(tmp_path: Path) -> None:
    environment = {"GROQ_API_KEY": "k" * 20}
    found = await look_around(registry_of(tmp_path, 'model = "openai/gpt-4o"', environment))
    assert (found.wanted, found.model.partition("/")[0]) == ("openai", "groq")
