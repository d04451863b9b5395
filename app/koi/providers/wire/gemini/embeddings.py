"""Embeddings of Gemini. https://ai.google.dev/api/embeddings#method:-models.batchembedcontents"""

from __future__ import annotations

import msgspec

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject
from koi.providers.wire.embeddings import EmbeddingFormat
from koi.providers.wire.fields import objects
from koi.providers.wire.gemini.names import model_path, resource_name
from koi.providers.wire.request import WireRequest

BATCH = 100


def _build(model: str, texts: tuple[str, ...]) -> WireRequest:
    name = resource_name(model)
    requests = [{"model": name, "content": {"parts": [{"text": said}]}} for said in texts]
    return WireRequest(f"{model_path(model)}:batchEmbedContents", {}, {"requests": requests})


def _read(answer: JsonObject) -> list[list[float]]:
    try:
        vectors = [entry.get("values") for entry in objects(answer, "embeddings")]
        return msgspec.convert(vectors, list[list[float]])
    except msgspec.ValidationError as error:
        raise ProviderError(
            "The server sent no vectors", kind="protocol", hint="Is this an embedding model?"
        ) from error


GEMINI_EMBEDDINGS = EmbeddingFormat(_build, _read, lambda model: BATCH)
