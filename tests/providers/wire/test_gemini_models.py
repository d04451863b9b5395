"""Gemini's list of models, and its vectors."""

from __future__ import annotations

import pytest

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.providers.wire.gemini.embeddings import GEMINI_EMBEDDINGS
from koi.providers.wire.gemini.model_list import MODELS, read_models


def test_models_that_chat_or_make_vectors_are_listed() -> None:
    answer = {
        "models": [
            {
                "name": "models/gemini-2.5-pro",
                "inputTokenLimit": 1048576,
                "outputTokenLimit": 65536,
                "supportedGenerationMethods": ["generateContent", "countTokens"],
                "thinking": True,
            },
            {
                "name": "models/gemini-embedding-001",
                "inputTokenLimit": 2048,
                "outputTokenLimit": 1,
                "supportedGenerationMethods": ["embedContent"],
            },
            {"name": "models/imagen-4", "supportedGenerationMethods": ["predict"]},
            {"name": "models/odd"},
            {"supportedGenerationMethods": ["generateContent"]},
        ]
    }
    assert read_models("gemini", answer) == (
        ModelInfo(
            ModelReference("gemini", "gemini-2.5-pro"),
            context_window=1048576,
            max_output_tokens=65536,
            reasoning=True,
            embeddings=False,
        ),
        ModelInfo(
            ModelReference("gemini", "gemini-embedding-001"), context_window=2048, embeddings=True
        ),
    )
    assert MODELS.path == "/models?pageSize=1000"


@pytest.mark.parametrize("answer", [None, [], {}, {"models": "none"}])
def test_an_odd_list_has_no_models(answer: object) -> None:
    assert read_models("gemini", answer) == ()


def test_texts_go_in_one_request() -> None:
    wire = GEMINI_EMBEDDINGS.build("gemini-embedding-001", ("a", "b"))
    assert wire.path == "/models/gemini-embedding-001:batchEmbedContents"
    assert wire.body == {
        "requests": [
            {"model": "models/gemini-embedding-001", "content": {"parts": [{"text": text}]}}
            for text in "ab"
        ]
    }
    assert GEMINI_EMBEDDINGS.batch("gemini-embedding-001") == 100


def test_vectors_are_read_in_their_order() -> None:
    answer: JsonObject = {"embeddings": [{"values": [0.5, 1]}, {"values": [2.0, 3.0]}]}
    assert GEMINI_EMBEDDINGS.read(answer) == [[0.5, 1.0], [2.0, 3.0]]


def test_an_answer_without_vectors_is_an_error() -> None:
    with pytest.raises(ProviderError, match="no vectors"):
        GEMINI_EMBEDDINGS.read({"embeddings": [{"vector": [1.0]}]})
