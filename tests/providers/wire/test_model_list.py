"""What endpoints say of their models."""

from __future__ import annotations

import msgspec
import pytest

from koi.core.messages import JsonObject
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.providers.wire.model_list import read_models


def test_the_plain_form() -> None:
    listed = read_models("p", {"data": [{"id": "a"}, {"id": "b/c"}, {"object": "nameless"}]})
    assert listed == (ModelInfo(ModelReference("p", "a")), ModelInfo(ModelReference("p", "b/c")))


def test_prices_for_one_token_become_prices_for_a_million() -> None:
    entry = {
        "id": "a",
        "context_length": 1000,
        "supported_parameters": ["tools"],
        "architecture": {"input_modalities": ["text", "image"]},
        "pricing": {"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0"},
        "top_provider": {"max_completion_tokens": 50},
    }
    (model,) = read_models("p", {"data": [entry]})
    assert (model.context_window, model.max_output_tokens) == (1000, 50)
    assert (model.tools, model.vision) == (True, True)
    assert model.price is not None
    assert msgspec.structs.astuple(model.price) == pytest.approx((3.0, 15.0, 0.0, None))


@pytest.mark.parametrize("answer", [None, [], {}, {"data": None}, {"data": [1]}, "text"])
def test_odd_lists_are_empty(answer: object) -> None:
    assert read_models("p", answer) == ()


def test_the_list_of_chatgpts_back_end() -> None:
    models = [
        {"slug": "gpt-5.2-codex", "display_name": "GPT-5.2 Codex", "visibility": "list"},
        {"slug": "codex-auto-review", "visibility": "hide"},
    ]
    listed = read_models("p", {"models": models})
    assert [info.reference.model for info in listed] == ["gpt-5.2-codex"]


def test_a_bare_list_is_a_list() -> None:
    assert len(read_models("p", [{"id": "a"}])) == 1


@pytest.mark.parametrize(
    ("entry", "embeddings"),
    [
        ({"type": "chat"}, None),
        ({"type": "model"}, None),
        ({"type": "embedding"}, True),
        ({"capabilities": {"completion_chat": True}}, None),
        ({"id": "mistral-embed", "capabilities": {"completion_chat": False}}, True),
        ({"architecture": {"output_modalities": ["image", "text"]}}, None),
        ({"architecture": {"output_modalities": ["embeddings"]}}, True),
        ({"architecture": {"output_modalities": [1]}}, None),
    ],
)
def test_models_that_make_vectors_are_told_apart(
    entry: JsonObject, embeddings: bool | None
) -> None:
    (model,) = read_models("p", {"data": [{"id": "a"} | entry]})
    assert model.embeddings is embeddings


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "image"},
        {"type": "rerank"},
        {"id": "mistral-ocr", "capabilities": {"completion_chat": False}},
        {"architecture": {"output_modalities": ["image"]}},
    ],
)
def test_models_for_something_else_are_left_out(entry: JsonObject) -> None:
    assert read_models("p", {"data": [{"id": "a"} | entry]}) == ()
