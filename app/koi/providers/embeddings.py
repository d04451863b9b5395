"""Vectors for any number of texts: batches, and the checks that a vector store relies on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject
from koi.net.errors import inline_error
from koi.providers.wire.embeddings import EmbeddingFormat
from koi.providers.wire.request import WireRequest

Ask: TypeAlias = Callable[[WireRequest], Awaitable[JsonObject]]


async def embed(
    embeddings: EmbeddingFormat, model: str, texts: tuple[str, ...], ask: Ask
) -> tuple[tuple[float, ...], ...]:
    """One vector for each text, all of the same length. Raises ProviderError."""
    vectors: list[tuple[float, ...]] = []
    size = embeddings.batch(model)
    for start in range(0, len(texts), size):
        batch = texts[start : start + size]
        answer = await ask(embeddings.build(model, batch))
        if answer.get("error"):
            raise inline_error(answer)
        found = embeddings.read(answer)
        if len(found) != len(batch):
            raise ProviderError(
                f"The server sent {len(found)} vectors for {len(batch)} texts",
                kind="protocol",
                hint="Send fewer texts at once.",
            )
        vectors += [tuple(vector) for vector in found]
    lengths = sorted({len(vector) for vector in vectors})
    if len(lengths) > 1 or 0 in lengths:
        raise ProviderError(
            f"The server sent vectors of {', '.join(map(str, lengths))} dimensions",
            kind="protocol",
            hint="Vectors of one model have one length: is this an embedding model?",
        )
    return tuple(vectors)
