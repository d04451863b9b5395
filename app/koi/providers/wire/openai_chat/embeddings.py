"""Embeddings of OpenAI and compatibles. https://platform.openai.com/docs/api-reference/embeddings"""

from __future__ import annotations

from koi.core.messages import JsonObject
from koi.providers.wire.embeddings import EmbeddingFormat, no_vectors, read_vectors
from koi.providers.wire.fields import objects
from koi.providers.wire.request import WireRequest

BATCH = 256


def _build(model: str, texts: tuple[str, ...]) -> WireRequest:
    return WireRequest("/embeddings", {}, {"model": model, "input": list(texts)})


def _read(answer: JsonObject) -> list[list[float]]:
    try:
        data = sorted(objects(answer, "data"), key=lambda item: int(str(item.get("index", 0))))
    except ValueError as error:
        raise no_vectors() from error
    return read_vectors([item.get("embedding") for item in data])


CHAT_EMBEDDINGS = EmbeddingFormat(_build, _read, lambda model: BATCH)
