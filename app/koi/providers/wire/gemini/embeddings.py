"""Embeddings of Gemini. https://ai.google.dev/api/embeddings#method:-models.batchembedcontents"""

from __future__ import annotations

from koi.core.messages import JsonObject
from koi.providers.wire.embeddings import EmbeddingFormat, read_vectors
from koi.providers.wire.fields import objects
from koi.providers.wire.gemini.names import model_path, resource_name
from koi.providers.wire.request import WireRequest

BATCH = 100


def _build(model: str, texts: tuple[str, ...]) -> WireRequest:
    name = resource_name(model)
    requests = [{"model": name, "content": {"parts": [{"text": said}]}} for said in texts]
    return WireRequest(f"{model_path(model)}:batchEmbedContents", {}, {"requests": requests})


def _read(answer: JsonObject) -> list[list[float]]:
    return read_vectors([entry.get("values") for entry in objects(answer, "embeddings")])


GEMINI_EMBEDDINGS = EmbeddingFormat(_build, _read, lambda model: BATCH)
