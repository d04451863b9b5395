"""Vectors of /api/embed."""

from __future__ import annotations

import pytest

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject
from koi.providers.wire.ollama.embeddings import OLLAMA_EMBEDDINGS


def test_the_request_forbids_to_cut_texts_off() -> None:
    request = OLLAMA_EMBEDDINGS.build("nomic-embed-text", ("a", "b"))
    assert request.path == "/api/embed"
    assert request.body == {"model": "nomic-embed-text", "input": ["a", "b"], "truncate": False}


@pytest.mark.parametrize(
    ("answer", "vectors"),
    [
        ({"embeddings": [[1, 2.5], [3, 4]]}, [[1.0, 2.5], [3.0, 4.0]]),
        ({"embedding": [1.0]}, [[1.0]]),
    ],
)
def test_the_vectors(answer: JsonObject, vectors: list[list[float]]) -> None:
    assert OLLAMA_EMBEDDINGS.read(answer) == vectors


@pytest.mark.parametrize("answer", [{}, {"embeddings": []}, {"embeddings": [["x"]]}])
def test_an_answer_without_vectors(answer: JsonObject) -> None:
    with pytest.raises(ProviderError) as raised:
        OLLAMA_EMBEDDINGS.read(answer)
    assert raised.value.kind == "protocol"
