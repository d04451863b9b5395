"""What `koi config check` says of names of models."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.wiring.candidate_check import candidate_mistakes
from tests.configurations import registry_of

ROUTE = '[[model_routes]]\nhint = "x-"\nprovider = "openai"\n'


@pytest.mark.parametrize(
    ("text", "severity", "key", "message"),
    [
        ('model = "hint:x"', "error", "model", "no route is named 'hint:x'"),
        ('[models]\nsmall = "gpt-4o"', "warning", "models.small", "fits several providers"),
        (
            '[models.fallback]\nexecutor = ["openai", "nosuch/x"]',
            "error",
            "models.fallback.executor",
            "'nosuch/x': unknown provider 'nosuch'",
        ),
        (
            '[reliability]\nfallback_providers = ["nosuch"]',
            "warning",
            "reliability.fallback_providers",
            "'nosuch': no provider is known to have",
        ),
        (
            '[reliability.model_fallbacks]\n"antropic/x" = ["openai"]',
            "warning",
            'reliability.model_fallbacks."antropic/x"',
            "there is no provider 'antropic'",
        ),
        (ROUTE.replace("x-", ""), "error", "model_routes[0].hint", "is empty"),
        (ROUTE.replace("x-", "hint:"), "error", "model_routes[0].hint", "names no route"),
        (ROUTE * 2, "warning", "model_routes[1].hint", "is the hint of model_routes[0]"),
        (
            ROUTE.replace("openai", "opnai"),
            "error",
            "model_routes[0].provider",
            "unknown provider 'opnai'",
        ),
        (
            f'{ROUTE}api_key = "sk-ant-api03-0123456789"',
            "error",
            "model_routes[0]",
            "looks like a key of anthropic",
        ),
        (f'{ROUTE}api_key_env = "NONE"', "warning", "model_routes[0]", "NONE is not set"),
        (
            '[[model_routes]]\nhint = "hint:x"\nprovider = "custom:https://h.example/v1"',
            "warning",
            "model_routes[0]",
            "has no default model",
        ),
        ("[routing]\ntiers = true", "warning", "routing.tiers", "so nothing changes"),
    ],
)
def test_a_mistake_has_its_key_and_its_weight(
    tmp_path: Path, text: str, severity: str, key: str, message: str
) -> None:
    (found,) = candidate_mistakes(registry_of(tmp_path, f"{text}\n"))
    assert (found.severity, found.key) == (severity, key)
    assert message in found.message
    assert found.where == str(tmp_path / "config.toml")


def test_what_is_right_is_not_spoken_of(tmp_path: Path) -> None:
    text = """
model = "x-large"
[providers.anthropic]
fast_model = "claude-haiku-4-5"
[models]
small = "hint:quick"
[models.fallback]
executor = ["ollama", "openai", "anthropic/claude-haiku-4-5", "hint:quick", "${LATER}"]
[reliability.model_fallbacks]
"gpt-5.2" = ["anthropic"]
[routing]
tiers = true
[[model_routes]]
hint = "x-"
provider = "custom:https://h.example/v1"
[[model_routes]]
hint = "quick"
provider = "groq"
model = "llama"
"""
    assert candidate_mistakes(registry_of(tmp_path, text)) == ()
