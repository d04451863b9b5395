"""Which model a role has when the configuration does not name one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from koi.core.references import ModelReference
from koi.core.seams import ModelInfo

SMALL: Final = "small"
EMBEDDER: Final = "embedder"
OPENAI_EMBEDDER = ModelReference("openai", "text-embedding-3-small")
PREFERRED = ("nomic-embed-text", "mxbai-embed-large", "bge-m3", "embeddinggemma", "all-minilm")
"""Beginnings of the names of local models that make vectors, best first."""


def default_of(role: str, executor: ModelReference, fast_model: str | None) -> ModelReference:
    """The model of a role that nothing was said about, but for the embedder.

    `small` takes the fast model of the executor's provider when it has one; all others are the
    executor.
    """
    if role == SMALL and fast_model:
        return ModelReference(executor.provider, fast_model)
    return executor


def best_embedder(models: Sequence[ModelInfo]) -> ModelReference | None:
    """The best of the models that make vectors, None when there is none."""
    able = [model.reference for model in models if model.embeddings]
    for wanted in PREFERRED:
        for reference in able:
            if reference.model.startswith(wanted):
                return reference
    return able[0] if able else None
