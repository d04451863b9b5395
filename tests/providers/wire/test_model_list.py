"""What endpoints say of their models."""

from __future__ import annotations

import msgspec
import pytest

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


def test_a_bare_list_is_a_list() -> None:
    assert len(read_models("p", [{"id": "a"}])) == 1
