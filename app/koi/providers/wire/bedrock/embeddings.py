"""Embeddings of Titan and Cohere through InvokeModel, each in its maker's own form.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html
"""

from __future__ import annotations

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject
from koi.providers.wire.bedrock.model_ids import model_path, plain_id
from koi.providers.wire.embeddings import EmbeddingFormat, read_vectors
from koi.providers.wire.fields import mapping
from koi.providers.wire.request import WireRequest

_COHERE = "cohere.embed-"
_COHERE_BATCH = 96
_TITAN = "amazon.titan-embed-"


def _build(model: str, texts: tuple[str, ...]) -> WireRequest:
    plain = plain_id(model)
    if plain.startswith(_COHERE):
        body: JsonObject = {"texts": list(texts), "input_type": "search_document"}
    elif plain.startswith(_TITAN):
        body = {"inputText": texts[0]}
    else:
        raise ProviderError(
            f"How {model} makes vectors is not known",
            kind="bad_request",
            hint="On Bedrock koi knows amazon.titan-embed-… and cohere.embed-… .",
        )
    return WireRequest(model_path(model, "invoke"), {}, body)


def _read(answer: JsonObject) -> list[list[float]]:
    found = mapping(answer, "embeddings").get("float") or answer.get("embeddings")
    if found is None and "embedding" in answer:
        found = [answer["embedding"]]
    return read_vectors(found)


def _batch(model: str) -> int:
    return _COHERE_BATCH if plain_id(model).startswith(_COHERE) else 1


BEDROCK_EMBEDDINGS = EmbeddingFormat(_build, _read, _batch)
