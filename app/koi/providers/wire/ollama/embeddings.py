"""Vectors of /api/embed. https://docs.ollama.com/api/embed"""

from __future__ import annotations

import msgspec

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject
from koi.providers.wire.embeddings import EmbeddingFormat
from koi.providers.wire.request import WireRequest

BATCH = 64


def _build(model: str, texts: tuple[str, ...]) -> WireRequest:
    # Without `truncate` the server cuts long texts off and says nothing.
    return WireRequest("/api/embed", {}, {"model": model, "input": list(texts), "truncate": False})


def _read(answer: JsonObject) -> list[list[float]]:
    # Imitations answer one text as the older /api/embeddings did.
    one = answer.get("embedding")
    try:
        return msgspec.convert(answer.get("embeddings") or [one], list[list[float]])
    except msgspec.ValidationError as error:
        raise ProviderError(
            "The server sent no vectors", kind="protocol", hint="Is this an embedding model?"
        ) from error


OLLAMA_EMBEDDINGS = EmbeddingFormat(_build, _read, lambda model: BATCH)
