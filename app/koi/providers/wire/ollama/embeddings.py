"""Vectors of /api/embed. https://docs.ollama.com/api/embed"""

from __future__ import annotations

from koi.core.messages import JsonObject
from koi.providers.wire.embeddings import EmbeddingFormat, read_vectors
from koi.providers.wire.request import WireRequest

BATCH = 64


def _build(model: str, texts: tuple[str, ...]) -> WireRequest:
    # Without `truncate` the server cuts long texts off and says nothing.
    return WireRequest("/api/embed", {}, {"model": model, "input": list(texts), "truncate": False})


def _read(answer: JsonObject) -> list[list[float]]:
    # Imitations answer one text as the older /api/embeddings did.
    one = answer.get("embedding")
    return read_vectors(answer.get("embeddings") or [one])


OLLAMA_EMBEDDINGS = EmbeddingFormat(_build, _read, lambda model: BATCH)
