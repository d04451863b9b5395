"""The models of roles that nobody named one for."""

from __future__ import annotations

import pytest

from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.routing.roles import best_embedder, default_of

SONNET = ModelReference("anthropic", "claude-sonnet-4-6")


@pytest.mark.parametrize(
    ("role", "fast", "model"),
    [
        ("small", "claude-haiku-4-5", "claude-haiku-4-5"),
        ("small", None, "claude-sonnet-4-6"),
        ("evaluator", "claude-haiku-4-5", "claude-sonnet-4-6"),
        ("planner", None, "claude-sonnet-4-6"),
    ],
)
def test_the_small_role_is_the_fast_model_and_all_others_the_executor(
    role: str, fast: str | None, model: str
) -> None:
    assert default_of(role, SONNET, fast) == ModelReference("anthropic", model)


@pytest.mark.parametrize(
    ("names", "best"),
    [
        (["bge-m3:latest", "nomic-embed-text:latest"], "nomic-embed-text:latest"),
        (["unheard-of-vectors"], "unheard-of-vectors"),
        ([], None),
    ],
)
def test_the_best_local_embedder_is_taken(names: list[str], best: str | None) -> None:
    chat = ModelInfo(ModelReference("ollama", "llama3.3"))
    able = [ModelInfo(ModelReference("ollama", name), embeddings=True) for name in names]
    found = best_embedder([chat, *able])
    assert (None if found is None else found.model) == best
