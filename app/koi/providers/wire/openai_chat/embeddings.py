"""Embeddings of OpenAI and compatibles. https://platform.openai.com/docs/api-reference/embeddings"""

from __future__ import annotations

import msgspec

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject
from koi.providers.wire.embeddings import EmbeddingFormat
from koi.providers.wire.fields import objects
from koi.providers.wire.request import WireRequest

BATCH = 256


def _build(model: str, texts: tuple[str, ...]) -> WireRequest:
    return WireRequest("/embeddings", {}, {"model": model, "input": list(texts)})


def _read(answer: JsonObject) -> list[list[float]]:
    try:
        data = sorted(objects(answer, "data"), key=lambda item: int(str(item.get("index", 0))))
        return msgspec.convert([item.get("embedding") for item in data], list[list[float]])
    except (ValueError, msgspec.ValidationError) as error:
        raise ProviderError(
            "The server sent no vectors", kind="protocol", hint="Is this an embedding model?"
        ) from error


CHAT_EMBEDDINGS = EmbeddingFormat(_build, _read, lambda model: BATCH)
